import { disabledHere, lintedOf } from '../code/remarks.ts';
import { clientOf, spendingCalls, type SpendingCall } from '../code/spending.ts';
import {
  NO_MODELS,
  spends,
  type Evidence,
  type Finding,
  type Point,
  type Terms,
} from '../point.ts';
import type { Project } from '../project.ts';
import type { CodeFile } from '../read/code-file.ts';
import type { Call, Span } from '../read/source.ts';
import { objectOf, propertyOf, valueOf } from '../read/value.ts';

/** 4. Each call says how long its answer may get. */
export const CEILINGS: Point = {
  id: 'ceilings',
  title: 'Every call has an output ceiling',
  why:
    'What a call may cost is mostly the answer it may get. Without a ceiling all that ' +
    'the model can ' +
    'write is held for it, so calls are refused that would have fitted.',
  looksAt: [
    '`max_tokens`, `max_completion_tokens`, `max_output_tokens` or `maxOutputTokens` in ' +
      'each call that is billed by the length of its answer (the rule `require-output-ceiling`)',
    '`maxTokens` of LangChain models',
    'Bodies that are computed cannot be seen, and are said so',
  ],
  mend: 'Name the ceiling in the call; `onShort` with `fit` lowers it near a cap.',
  judge(project, terms) {
    if (!spends(project)) return NO_MODELS;
    const read = project.code.filter(({ path, isTest }) => {
      return !isTest && terms.lint?.files.has(path) !== true;
    });
    const calls = read.flatMap((file) =>
      spendingCalls(file)
        .filter(({ ceilings }) => ceilings.length > 0)
        .map((spending) => ({ file, spending })),
    );
    const models = read.flatMap((file) =>
      file.calls
        .filter((call) => clientOf(file, call)?.ceilings !== undefined)
        .map((call) => ({ file, call })),
    );
    if (calls.length + models.length === 0 && !hasLinted(project, terms)) {
      return { kind: 'not-applicable', reason: 'no call whose answer is billed by its length' };
    }
    return {
      kind: 'judged',
      findings: [
        ...calls.flatMap(({ file, spending }) => missing(file, spending)),
        ...models.flatMap(({ file, call }) => missingInModel(file, call)),
        ...lintedOf(project, terms, 'ceilings'),
      ],
      evidence: calls.flatMap(({ file, spending }) => bounded(file, spending)),
    };
  },
};

function hasLinted({ code }: Project, { lint }: Terms): boolean {
  return code.some((file) => lint?.files.has(file.path) === true && spendingCalls(file).length > 0);
}

function missing(file: CodeFile, { call, ceilings, body }: SpendingCall): Finding[] {
  const place = { file: file.path, line: file.source.line(call.open) };
  if (disabledHere(file, place.line, 'require-output-ceiling') !== undefined) return [];
  const [name = ''] = ceilings;
  const state = body === undefined ? 'unseen' : ceilingIn(file, body, ceilings);
  if (state === 'there') return [];
  if (state === 'unseen') {
    const what = `whether \`${call.path}\` has an output ceiling cannot be seen: it is computed`;
    return [{ level: 'note', place, what, mend: `see that it always holds \`${name}\`` }];
  }
  const what = `\`${call.path}\` does not say how long its answer may get`;
  return [{ level: 'fail', place, what, mend: `name \`${name}\`` }];
}

function ceilingIn(
  file: CodeFile,
  body: Span,
  names: readonly string[],
): 'there' | 'missing' | 'unseen' {
  const object = objectOf(file, body);
  if (object === undefined) return 'unseen';
  let isSpread = false;
  for (const name of names) {
    if (isSetLater(file, body, name)) return 'there';
    const value = propertyOf(file.source, object, name);
    if (value === 'spread') isSpread = true;
    else if (value !== undefined) {
      const read = valueOf(file, value);
      if (read !== undefined && read !== null) return 'there';
    }
  }
  return isSpread ? 'unseen' : 'missing';
}

/** `body.max_output_tokens = 100` in a statement of its own. */
function isSetLater({ source }: CodeFile, { from }: Span, name: string): boolean {
  const body = source.at(from);
  return source.tokens.some(
    ({ text }, at) =>
      text === body &&
      source.at(at + 1) === '.' &&
      source.at(at + 2) === name &&
      source.at(at + 3) === '=',
  );
}

function missingInModel(file: CodeFile, call: Call): Finding[] {
  const names = clientOf(file, call)?.ceilings ?? [];
  const [options] = call.args;
  if (options !== undefined && ceilingIn(file, options, names) !== 'missing') return [];
  const place = { file: file.path, line: file.source.line(call.from) };
  const what = `${call.path} does not say how long its answers may get`;
  return [{ level: 'fail', place, what, mend: 'name `maxTokens`' }];
}

function bounded(file: CodeFile, { call, ceilings, body }: SpendingCall): Evidence[] {
  if (body === undefined || ceilingIn(file, body, ceilings) !== 'there') return [];
  const place = { file: file.path, line: file.source.line(call.open) };
  return [{ place, what: `\`${call.path}\` has an output ceiling` }];
}
