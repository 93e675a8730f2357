import { rule } from '../src/rules/no-use-after-move.ts';
import { bad, good } from './affine-samples.ts';
import { typedTester } from './rule-tester.ts';

const b = { name: 'b', share: 'a share (`b.carve(…)`)' };

typedTester().run('no-use-after-move', rule, {
  valid: [
    good('export const f = (b: Budget) => b.spend({ usd: 1 }).close();'),
    good(`export async function loop(b: Budget, tasks: readonly string[]) {
  for (const task of tasks) b = await step(b, task);
  b.close();
}`),
    good(`export function finallyIfLive(b: Budget) {
  try { finish(b.carve({ usd: 1 })); } finally { if (b.isLive) b.close(); }
}`),
    good(`export function labelled(b: Budget, rows: readonly number[][]) {
  outer: for (const row of rows) for (const n of row) {
    if (n < 0) continue outer;
    if (n > 9) { b.close(); return; }
    if (n === 5) break outer;
  }
  b.close();
}`),
    good(`export function cases(b: Budget, kind: 'a' | 'b' | 'c') {
  switch (kind) {
    case 'a':
    case 'b': b.close(); break;
    case 'c': finish(b);
  }
}`),
    good(`export async function* generate(b: Budget, tasks: readonly string[]) {
  let left = b;
  try {
    for (const task of tasks) { left = left.spend({ usd: 1 }); yield await ask(left, task); }
  } finally { left.close(); }
}`),
    good('export const optional = (b?: Budget) => (b?.isLive === true ? b.close() : undefined);'),
    good(`export function swap(one: Budget, other: Budget) {
  [one, other] = [other, one];
  one.close();
  other.close();
}`),
    good(`export function refused(b: Budget) {
  try { b.spend({ usd: 1 }).close(); }
  catch (error) { if (error instanceof BudgetCapError) b.close(); else throw error; }
}`),
    good(`export function usingResult(b: Budget): Budget {
  using own = b;
  return own.spend({ usd: 1 });
}`),
    good(`export class Agent {
  readonly #slot = new Slot();
  readonly end = () => this.#slot.take().close();
  put(b: Budget) { this.#slot.put(b); }
}`),
    good(`export async function cleanUp(b: Budget) {
  const end = () => b.close();
  try { await ask(b, 'x'); } finally { end(); }
}`),
    good(`export function emptied(all: Map<string, Budget>, list: Budget[]) {
  for (const [name, budget] of all) { budget.close(); all.delete(name); }
  for (const budget of list) budget.close();
  list.length = 0;
  return list.length + all.size;
}`),
    good(
      'export const text = (b: Budget) => { const line = String.raw`${show(b)}`; b.close(); return line; };',
    ),
  ],
  invalid: [
    bad(
      `export function twice(b: Budget) {
  const rest = b.spend({ usd: 1 });
  «b».charge({ usd: 1 });
  rest.close();
}`,
      { messageId: 'usedUp', data: { ...b, how: '`spend`', method: 'spend', line: 2 } },
    ),
    bad(
      `export function closed(b: Budget) {
  b.close();
  return «b».remaining;
}`,
      { messageId: 'ended', data: { ...b, how: '`close`', line: 2 } },
    ),
    bad(
      `export async function handed(b: Budget) {
  await run(b, 'plan');
  return show(«b»);
}`,
      { messageId: 'handedOn', data: { ...b, how: '`run`', line: 2 } },
    ),
    bad(
      `export function closure(b: Budget, later: (() => void)[]) {
  later.push(() => b.close());
  «b».charge({ usd: 1 });
}`,
      { messageId: 'inClosure', data: { ...b, line: 2 } },
    ),
    bad(
      `export async function loop(b: Budget, tasks: readonly string[]) {
  for (const task of tasks) await run(«b», task);
}`,
      { messageId: 'movedInLoop', data: b },
    ),
    bad(
      `export function returned(b: Budget): Budget {
  using share = b.carve({ usd: 1 });
  b.close();
  return «share»;
}`,
      { messageId: 'disposed', data: { name: 'share' } },
    ),
    bad(
      `export function inResult(b: Budget, isBig: boolean) {
  using share = b.carve({ usd: 1 });
  b.close();
  return isBig ? { share: «share», at: 1 } : undefined;
}`,
      { messageId: 'disposed', data: { name: 'share' } },
    ),
    // `finally` runs after the `return` has used the handle up.
    bad(
      `export function lateFinally(b: Budget): Budget {
  try { return b.spend({ usd: 1 }); } finally { «b».close(); }
}`,
      { messageId: 'usedUp', data: { ...b, how: '`spend`', method: 'spend', line: 2 } },
    ),
    // A callee that took the handle over has it, even where it throws.
    bad(
      `export async function caught(b: Budget) {
  try { await run(b, 'x'); } catch { «b».close(); }
}`,
      { messageId: 'handedOn', data: { ...b, how: '`run`', line: 2 } },
    ),
    bad(
      `export function fallThrough(b: Budget, kind: number) {
  switch (kind) {
    case 1: b.close();
    case 2: «b».close(); break;
    default: b.close();
  }
}`,
      { messageId: 'ended', data: { ...b, how: '`close`', line: 3 } },
    ),
    bad(
      `export function labelled(b: Budget, rows: readonly number[][]) {
  outer: for (const row of rows) for (const n of row) if (n > 3) { b.close(); break outer; }
  finish(«b»);
}`,
      { messageId: 'ended', data: { ...b, how: '`close`', line: 2 } },
    ),
    bad(
      `export function labelledContinue(b: Budget, rows: readonly number[][]) {
  outer: for (const row of rows) for (const n of row) if (n > 3) { «b».close(); continue outer; }
}`,
      { messageId: 'movedInLoop', data: b },
    ),
    bad(
      `export async function* generate(b: Budget) {
  for (;;) yield await run(«b», 'x');
}`,
      { messageId: 'movedInLoop', data: b },
    ),
    bad(
      `export function* twoYields(b: Budget) {
  yield b;
  yield «b»;
}`,
      { messageId: 'handedOn', data: { ...b, how: 'somebody else', line: 2 } },
    ),
    bad(
      `export function optional(b?: Budget) {
  b?.close();
  «b»?.close();
}`,
      { messageId: 'ended', data: { ...b, how: '`close`', line: 2 } },
    ),
    bad(
      `export function destructured({ budget, task }: Job) {
  finish(budget);
  return task + «budget».name;
}`,
      {
        messageId: 'handedOn',
        data: { name: 'budget', share: 'a share (`budget.carve(…)`)', how: '`finish`', line: 2 },
      },
    ),
    bad(
      `export function place(job: { budget: Budget }) {
  job.budget.close();
  «job.budget».charge({ usd: 1 });
}`,
      {
        messageId: 'ended',
        data: { name: 'job.budget', how: '`close`', line: 2 },
      },
    ),
    bad(
      `export function elements(b: Budget) {
  const parts = b.split({ usd: 1 });
  for (const part of parts) part.close();
  «parts[1]».close();
}`,
      { messageId: 'ended' },
    ),
    bad(
      `export function hoisted(b: Budget) {
  end();
  «end»();
  function end() { b.close(); }
}`,
      { messageId: 'ended' },
    ),
    bad(
      `export async function detached(b: Budget) {
  void (async () => { await ask(b, 'x'); b.close(); })();
  «b».close();
}`,
      { messageId: 'ended' },
    ),
    bad(
      `export function late(b: Budget) {
  setTimeout(() => b.close(), 5);
  return «b».remaining;
}`,
      { messageId: 'inClosure' },
    ),
    bad(
      `export function argument(b: Budget) {
  «b».spend(b.close()).close();
}`,
      { messageId: 'ended', data: { ...b, how: '`close`', line: 2 } },
    ),
    bad(
      `declare function closed(text: TemplateStringsArray, budget: Budget): string;
export function tagged(b: Budget) {
  const line = closed\`with \${b} left\`;
  «b».close();
  return line;
}`,
      { messageId: 'handedOn', data: { ...b, how: 'somebody else', line: 3 } },
    ),
    bad(
      `export function byDefault(b: Budget, left = b.close()) {
  «b».charge({ usd: 1 });
  return left;
}`,
      { messageId: 'ended', data: { ...b, how: '`close`', line: 1 } },
    ),
    bad(
      `export function hold(b: Budget) {
  const [rest, held] = b.reserve({ usd: 1 });
  rest.close();
  try { held.settle({ usd: 1 }); } finally { «held».release('never sent'); }
}`,
      { messageId: 'ended', data: { name: 'held', how: '`settle`', line: 4 } },
    ),
    bad(
      `export function reservation() {
  const held = guard.reserve(call);
  held.settle(undefined);
  «held».release('again');
}`,
      { messageId: 'ended', data: { name: 'held', how: '`settle`', line: 3 } },
    ),
  ],
});
