import { rule } from '../src/rules/no-leaked-budget.ts';
import { bad, good } from './affine-samples.ts';
import { typedTester } from './rule-tester.ts';

const FRESH = 'Budget.create(mint, { usd: 5 })';

/** A statement in a function that has a budget. */
const within = (kind: 'const' | 'let', statement: string) =>
  `export async function f() { ${kind} budget = ${FRESH}; ${statement} }`;

/** A statement that drops what is left, where putting it back is suggested. */
const assignBack = (statement: string) =>
  bad(within('let', `«${statement}»;`), {
    messageId: 'dropped',
    suggestion: {
      messageId: 'assignBack',
      output: within('let', `budget = ${statement};`),
    },
  });

typedTester().run('no-leaked-budget', rule, {
  valid: [
    good(within('let', 'budget = budget.spend({ usd: 1 }); budget.close();')),
    good(within('const', 'budget.close();')),
    good(`export function* generated(b: Budget) {
  try { yield b.name; } finally { b.close(); }
}`),
    good(`export async function usingInLoop(tasks: readonly string[]) {
  using b = ${FRESH};
  for (const task of tasks) {
    using share = b.carve({ usd: 1 });
    if (task === '') continue;
    await ask(share, task);
  }
}`),
    good(`export function allCases(b: Budget, kind: 'a' | 'b') {
  switch (kind) {
    case 'a': return b;
    case 'b': return b.spend({ usd: 1 });
  }
}`),
    good(`export const lender = () => withBudget(mint, { usd: 1 }, (b) => show(b));`),
    good('export const lent = (b: BudgetMut) => b.charge({ usd: 1 });'),
    good(`export function optional(b?: Budget) {
  if (b === undefined) return;
  b.close();
}`),
    good(`for (const task of ['plan', 'draft']) {
  const share = Budget.create(mint, { usd: 1 }, task);
  share.close();
}`),
    good(`export function popped(all: Budget[]) {
  while (all.length > 0) all.pop()?.close();
}`),
    // A hold that is lost is the affair of another rule.
    good(`export function held(b: Budget) {
  const [rest, hold] = b.reserve({ usd: 1 });
  rest.close();
  return hold.amounts;
}`),
  ],
  invalid: [
    assignBack('budget.spend({ usd: 1 })'),
    // A `const` cannot be assigned, so nothing is proposed.
    bad(within('const', '«budget.spend({ usd: 1 })»;'), {
      messageId: 'dropped',
      data: { name: 'budget.spend(…)', ends: '`close(…)`' },
    }),
    // What `carve` returns is not what is left of the budget.
    bad(within('let', '«budget.carve({ usd: 1 })»; budget.close();'), { messageId: 'dropped' }),
    // A pair is no budget.
    bad(within('let', '«budget.split({ usd: 1 })»;'), { messageId: 'dropped' }),
    bad('export async function awaited(b: Budget) { «await step(b, "x")»; }', {
      messageId: 'dropped',
      data: { name: 'step(…)', ends: '`close(…)`' },
    }),
    // A parameter can be assigned.
    bad('export function parameter(b: Budget) { «b.spend({ usd: 1 })»; }', {
      messageId: 'dropped',
      suggestion: {
        messageId: 'assignBack',
        output: 'export function parameter(b: Budget) { b = b.spend({ usd: 1 }); }',
      },
    }),
    // An optional call may give nothing back.
    bad('export function optional(b?: Budget) { «b?.spend({ usd: 1 })»; }', {
      messageId: 'dropped',
    }),
    bad(
      `export function unbound(b: Budget) {
  const «[part]» = b.split({ usd: 1 });
  part.close();
}`,
      { messageId: 'unbound', data: { name: '[1]', ends: '`close(…)`' } },
    ),
    bad(
      `declare function made(): { readonly rest: Budget; readonly at: number };
export const «{ at }» = made();`,
      { messageId: 'unbound', data: { name: 'rest', ends: '`close(…)`' } },
    ),
    bad('export function never(«b: Budget») { return b.name; }', {
      messageId: 'neverUsedUp',
      data: { name: 'b', ends: '`close(…)`' },
    }),
    bad(
      `export function cases(«b: Budget», kind: 'close' | 'keep') {
  switch (kind) {
    case 'close': b.close(); break;
    default: break;
  }
}`,
      { messageId: 'lostOnSomePath', data: { name: 'b', ends: '`close(…)`' } },
    ),
    bad(
      `export function loop(b: Budget, tasks: readonly string[]) {
  for (const task of tasks) {
    const «share» = b.carve({ usd: 1 });
    if (task === 'skip') continue;
    share.close();
  }
  b.close();
}`,
      { messageId: 'lostOnSomePath' },
    ),
    bad(
      `export function labelled(«b: Budget», rows: readonly number[][]) {
  outer: for (const row of rows) for (const n of row) {
    if (n > 3) break outer;
    if (n < 0) { b.close(); return; }
  }
}`,
      { messageId: 'lostOnSomePath' },
    ),
    bad(
      `export async function caught(send: () => Promise<void>) {
  const «b» = ${FRESH};
  try { await send(); b.close(); } catch (error) { console.error(error); }
}`,
      { messageId: 'lostOnSomePath' },
    ),
    bad(
      `export function* generated() {
  const «b» = ${FRESH};
  yield b.name;
}`,
      { messageId: 'neverUsedUp' },
    ),
    bad(
      `export function listed(b: Budget) {
  const «shares» = [b.carve({ usd: 1 }), b.carve({ usd: 1 })];
  b.close();
  return shares.length;
}`,
      { messageId: 'neverUsedUp' },
    ),
    bad(
      `export async function pair(one: Budget, other: Budget) {
  const [first, «second»] = await Promise.all([step(one, 'a'), step(other, 'b')]);
  first.close();
}`,
      { messageId: 'neverUsedUp' },
    ),
    bad(
      `export function overwritten(b: Budget) {
  let share = b.carve({ usd: 1 });
  «share = b.carve({ usd: 1 })»;
  share.close();
  b.close();
}`,
      { messageId: 'overwritten', data: { name: 'share', ends: '`close(…)`' } },
    ),
    bad('export function destructured({ «budget» }: Job) { return budget.name; }', {
      messageId: 'neverUsedUp',
    }),
    bad(
      `export function slotted(b: Budget) {
  const slot = «new Slot(b)»;
  return slot.view.name;
}`,
      { messageId: 'neverUsedUp', data: { name: 'slot', ends: '`close(…)`' } },
    ),
  ],
});
