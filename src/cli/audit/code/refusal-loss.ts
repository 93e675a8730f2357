import type { CodeFile } from '../read/code-file.ts';
import type { Call, Span } from '../read/source.ts';
import { bare } from '../read/value.ts';
import { spendingCalls } from './spending.ts';

/** A place where a refusal by a cap is lost, or asked again. */
export interface Loss {
  readonly kind: 'dropped' | 'retried' | 'unread';
  readonly at: number;
}

/** Names of functions that call their callback again after it has failed. */
const RETRYING = /retr(y|ies|ying)|backoff/i;

/** Options of such functions that say which errors are worth another attempt. */
const RETRY_QUESTIONS = /^(bail|handleAll|retryIf|shouldRetry|when|while)$/;

const KNOWS_REFUSALS = /^(BudgetCapError|RefusalError|HardcapError|BUDGET_CAP)$/;

/** Methods of guards and budgets that throw where a cap says no, by the usual names of both. */
const REFUSING = new RegExp(
  '(^|\\.)(\\w*[gG]uard\\.(run|reserve|reserveAsync)' +
    '|\\w*[bB]udget\\.(spend|split|delegate|charge|carve))$',
);

/** Writes down what it is given, and nothing else. */
const LOG = /^(console|.*log(ger|s)?|stderr|stdout|process\.std(err|out))(\.\w+)?$/i;

/** How many functions of the file are looked into, one from the other. */
const DEPTH_MAX = 3;

/** Every place of the file that loses a refusal of what it spends. */
export function lossesIn(file: CodeFile): readonly Loss[] {
  return [
    ...catches(file),
    ...finallyReturns(file),
    ...callbacks(file),
    ...retries(file),
    ...settled(file),
  ];
}

/** Whether a refusal can come out of these tokens: a billed call stands there, or a call of one. */
export function spendsIn(file: CodeFile, span: Span, depth = 0): boolean {
  if (spendingCalls(file).some(({ call }) => within(call, span))) return true;
  const knowsGuard = file.takesFrom(/^hardcap(\/|$)/);
  return file.callsIn(span).some((call) => {
    if (knowsGuard && REFUSING.test(call.path)) return true;
    const called = depth < DEPTH_MAX ? file.called(call) : undefined;
    return called !== undefined && spendsIn(file, called.body, depth + 1);
  });
}

/** `try { ... } catch (error) { ... }` around what spends. */
function catches(file: CodeFile): Loss[] {
  const { source } = file;
  return source.tokens.flatMap(({ kind, text }, at) => {
    if (kind !== 'name' || text !== 'try' || source.at(at + 1) !== '{') return [];
    const close = source.pair[at + 1] ?? -1;
    if (close < 0 || source.at(close + 1) !== 'catch') return [];
    if (!spendsIn(file, { from: at + 2, to: close })) return [];
    const hasName = source.at(close + 2) === '(';
    const open = hasName ? (source.pair[close + 2] ?? -1) + 1 : close + 2;
    const body = { from: open + 1, to: source.pair[open] ?? open };
    const names = hasName ? namesIn(file, { from: close + 3, to: open - 1 }) : [];
    if (handsOn(file, body, names)) return [];
    return [
      {
        kind: goesRound(file, at, body) ? ('retried' as const) : ('dropped' as const),
        at: close + 1,
      },
    ];
  });
}

/** `promise.catch(callback)`, `promise.then(_, callback)`. */
function callbacks(file: CodeFile): Loss[] {
  return file.calls.flatMap((call): Loss[] => {
    const method = call.path.split('.').at(-1);
    const handler =
      method === 'catch' ? call.args[0] : method === 'then' ? call.args[1] : undefined;
    if (handler === undefined || !spendsIn(file, { from: call.from, to: call.open })) return [];
    const written = bare(file.source, handler);
    const own = file.functions.find(
      ({ from, body }) => from >= written.from && body.to <= written.to,
    );
    const at = own === undefined ? call.open : written.from;
    if (own === undefined) {
      const path = file.source.tokens
        .slice(written.from, written.to)
        .map(({ text }) => text)
        .join('');
      return LOG.test(path) ? [{ kind: 'dropped', at }] : [];
    }
    const names = own.params.slice(0, 1).flatMap((one) => namesIn(file, one));
    if (handsOn(file, own.body, names, own.hasBlock)) return [];
    return [{ kind: 'dropped', at }];
  });
}

/** A callback that spends, handed to a function that calls it again after each failure. */
function retries(file: CodeFile): Loss[] {
  return file.calls.flatMap((call): Loss[] => {
    const module = file.importOf(call)?.module ?? '';
    if (!RETRYING.test(`${call.path.split('.').at(-1)} ${module}`)) return [];
    const spends = call.args.some(
      (arg) =>
        spendsIn(file, arg) &&
        file.functions.some(({ body, from }) => from >= arg.from && body.to <= arg.to),
    );
    const words = file.source.tokens.slice(call.from, call.to);
    const asks = words.some(
      ({ text }, index) =>
        KNOWS_REFUSALS.test(text) ||
        (RETRY_QUESTIONS.test(text) && [':', '('].includes(words[index + 1]?.text ?? '')),
    );
    const own = file.called(call)?.body;
    const isAware =
      own !== undefined &&
      file.source.tokens.slice(own.from, own.to).some(({ text }) => KNOWS_REFUSALS.test(text));
    return spends && !asks && !isAware ? [{ kind: 'retried', at: call.from }] : [];
  });
}

/** `Promise.allSettled(...)` whose results nobody reads. */
function settled(file: CodeFile): Loss[] {
  return file.calls.flatMap((call): Loss[] => {
    if (call.path !== 'Promise.allSettled' || !spendsIn(file, { from: call.open, to: call.to })) {
      return [];
    }
    const before = file.source.at(call.from - 1);
    const start = before === 'await' || before === 'void' ? call.from - 1 : call.from;
    const isStatement = [';', '{', '}', ''].includes(file.source.at(start - 1));
    const isRead = file.source.at(call.to) === '.';
    return isStatement && !isRead ? [{ kind: 'unread', at: start }] : [];
  });
}

/**
 * Whether a handler gives a refusal to somebody: it throws the error on, asks it something, or
 * hands it over. Where it asks for refusals by their class, what it does with those counts.
 */
function handsOn(file: CodeFile, body: Span, names: readonly string[], hasBlock = true): boolean {
  const asked = hasBlock ? questionIn(file, body) : undefined;
  if (asked === undefined) return uses(file, body, names);
  if (uses(file, asked, names)) return true;
  const owner = file.functionAround(body.from)?.name;
  return file
    .callsIn(asked)
    .some(
      ({ path, isNew }) => !isNew && !LOG.test(path) && path !== 'setTimeout' && path !== owner,
    );
}

/** What runs for refusals where they are asked for: `if (error instanceof BudgetCapError)`. */
function questionIn(file: CodeFile, body: Span): Span | undefined {
  const { source } = file;
  for (let at = body.from; at < body.to; at += 1) {
    const close = source.at(at) === 'if' ? (source.pair[at + 1] ?? -1) : -1;
    if (close < 0) continue;
    const test = source.tokens.slice(at + 2, close);
    if (!test.some(({ text }) => KNOWS_REFUSALS.test(text))) continue;
    const isBlock = source.at(close + 1) === '{';
    const end = isBlock ? (source.pair[close + 1] ?? close) + 1 : statementEnd(file, close + 1);
    const isNegative = test[0]?.text === '!';
    return isNegative ? { from: end, to: body.to } : { from: close + 1, to: end };
  }
  return undefined;
}

function statementEnd({ source }: CodeFile, from: number): number {
  let at = from;
  while (at < source.tokens.length && source.at(at) !== ';' && source.at(at) !== '}') {
    const close = '([{'.includes(source.at(at)) ? (source.pair[at] ?? -1) : -1;
    at = (close > at ? close : at) + 1;
  }
  return at + 1;
}

/** Whether the error, or something of it, is used for anything but a log. */
function uses(file: CodeFile, span: Span, names: readonly string[]): boolean {
  const { source } = file;
  for (let at = span.from; at < span.to; at += 1) {
    const token = source.tokens[at];
    const isMember = source.at(at - 1) === '.' || source.at(at - 1) === '?.';
    if (token?.kind !== 'name' || isMember) continue;
    if (token.text === 'process' && source.at(at + 2) === 'exit') return true;
    if (names.includes(token.text) && !isLogged(file, at, span)) return true;
  }
  return false;
}

/** A `return` in `finally` drops whatever was thrown. */
function finallyReturns(file: CodeFile): Loss[] {
  const { source } = file;
  return source.tokens.flatMap(({ kind, text }, at): Loss[] => {
    const isFinally = kind === 'name' && text === 'finally' && source.at(at + 1) === '{';
    const close = isFinally ? (source.pair[at + 1] ?? -1) : -1;
    const owner = file.functionAround(at);
    if (close < 0 || owner === undefined || !spendsIn(file, { from: owner.body.from, to: at })) {
      return [];
    }
    const leaving = source.tokens.findIndex(
      (token, index) =>
        index > at &&
        index < close &&
        token.text === 'return' &&
        file.functionAround(index) === owner,
    );
    return leaving < 0 ? [] : [{ kind: 'dropped', at: leaving }];
  });
}

/** Whether the error is only written down here: in an argument of `console.error`. */
function isLogged(file: CodeFile, at: number, body: Span): boolean {
  const { source } = file;
  for (let open = source.around[at] ?? -1; open >= body.from; open = source.around[open] ?? -1) {
    const call: Call | undefined = file.calls.find((one) => one.open === open);
    if (call !== undefined && LOG.test(call.path)) return true;
  }
  return false;
}

/** Whether control comes back to the `try`: a loop is around it, and the handler stays in it. */
function goesRound(file: CodeFile, at: number, handler: Span): boolean {
  const { source } = file;
  const owner = file.functionAround(at);
  let open = source.around[at] ?? -1;
  for (; open > (owner?.body.from ?? 0) - 2 && open >= 0; open = source.around[open] ?? -1) {
    const before = source.at(open - 1);
    const isCondition =
      before === ')' && /^(for|while)$/.test(source.at((source.pair[open - 1] ?? 1) - 1));
    if (before === 'do' || isCondition) {
      const words = source.tokens.slice(handler.from, handler.to).map(({ text }) => text);
      return !words.includes('return') && !words.includes('break');
    }
  }
  return false;
}

/** The names in a parameter, a pattern's too; types left out. */
function namesIn({ source }: CodeFile, { from, to }: Span): string[] {
  if (source.at(from) !== '{') return source.tokens[from]?.kind === 'name' ? [source.at(from)] : [];
  const close = Math.min(source.pair[from] ?? to, to);
  return source.tokens
    .slice(from + 1, close)
    .filter(({ kind }, index) => kind === 'name' && source.at(from + index + 2) !== ':')
    .map(({ text }) => text);
}

function within(call: Call, { from, to }: Span): boolean {
  return call.from >= from && call.to <= to;
}
