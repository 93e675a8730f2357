import { lossesIn, type Loss } from '../code/refusal-loss.ts';
import { disabledHere, lintedOf } from '../code/remarks.ts';
import { NO_MODELS, spends, type Evidence, type Finding, type Point } from '../point.ts';
import type { Project } from '../project.ts';
import { guardPlace } from './caps.ts';

/** 5. A refusal reaches somebody, and is not asked again. */
export const REFUSALS: Point = {
  id: 'refusals',
  title: 'Refusals are handled',
  why:
    'A refusal that is swallowed looks like an empty answer, and one that is tried again ' +
    'in a loop ' +
    'is refused again, as fast as the loop runs.',
  looksAt: [
    '`catch`, `.catch`, `finally` and `Promise.allSettled` around billed calls that drop ' +
      'the error (the rule `no-swallowed-cap-error`)',
    'Loops and functions that try a billed call again after any error',
    'Whether anything in the project asks for `BudgetCapError`, or a middleware of ' +
      'hardcap answers for it',
  ],
  mend:
    'Throw the refusal on (`if (BudgetCapError.isInstance(error)) throw error;`) or answer ' +
    'with its fields.',
  judge(project, terms) {
    if (!spends(project)) return NO_MODELS;
    const own = project.code
      .filter(({ path, isTest }) => !isTest && terms.lint?.files.has(path) !== true)
      .flatMap((file) =>
        lossesIn(file).flatMap((loss): Finding[] => {
          const place = { file: file.path, line: file.source.line(loss.at) };
          const isOff = disabledHere(file, place.line, 'no-swallowed-cap-error') !== undefined;
          return isOff ? [] : [{ level: 'fail', place, ...TEXTS[loss.kind] }];
        }),
      );
    const asked = whoAsks(project);
    return {
      kind: 'judged',
      findings: [...own, ...lintedOf(project, terms, 'refusals'), ...nobody(project, asked)],
      evidence: asked,
    };
  },
};

const TEXTS: Readonly<Record<Loss['kind'], { readonly what: string; readonly mend: string }>> = {
  dropped: {
    what: 'a refusal by a cap is lost here',
    mend:
      'throw it on (`if (BudgetCapError.isInstance(error)) throw error;`) or answer with ' +
      'its fields',
  },
  retried: {
    what: 'a refusal by a cap is tried again here, and will be refused again',
    mend:
      'throw it on before the next attempt: `if (BudgetCapError.isInstance(error)) ' +
      'throw error;`',
  },
  unread: {
    what: 'nobody reads these results, so a refusal by a cap is lost here',
    mend: 'use `Promise.all`, or look for a `BudgetCapError` among the reasons',
  },
};

/** Where refusals are asked for by their class, or answered by a middleware. */
function whoAsks({ code }: Project): Evidence[] {
  return code
    .filter(({ isTest }) => !isTest)
    .flatMap((file) => {
      const imports = file.names.imports.filter(
        ({ module, name }) =>
          /^hardcap\/(express|fastify|hono)$/.test(module) ||
          (module === 'hardcap' && /^(BudgetCapError|RefusalError|refusalOfResponse)$/.test(name)),
      );
      const named = file.source.tokens.findIndex(({ text }) => text === 'BUDGET_CAP');
      const at = imports[0]?.at ?? (named < 0 ? undefined : named);
      if (at === undefined) return [];
      const place = { file: file.path, line: file.source.line(at) };
      return [{ place, what: 'refusals are asked for by their class' }];
    });
}

function nobody(project: Project, asked: readonly Evidence[]): Finding[] {
  const made = project.guards.find((guard) => guard.made !== undefined);
  if (asked.length > 0 || made === undefined) return [];
  const what =
    'nothing in the project asks for `BudgetCapError`: a refusal shows as any other failure';
  const mend = 'catch it where requests are answered, and answer 402 with `error.toJSON()`';
  return [{ level: 'fail', place: guardPlace(made), what, mend }];
}
