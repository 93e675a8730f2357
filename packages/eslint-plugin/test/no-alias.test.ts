import { rule } from '../src/rules/no-alias.ts';
import { bad, good } from './affine-samples.ts';
import { typedTester } from './rule-tester.ts';

const b = { name: 'b' };

typedTester().run('no-alias', rule, {
  valid: [
    good(`export function renamed(b: Budget) {
  const other = b;
  other.close();
}`),
    good(`export function look(b: Budget) {
  const view: BudgetView = b;
  console.log(view.remaining, JSON.stringify(b));
  b.close();
}`),
    good(`export function chosen(one: Budget, other: Budget, isFirst: boolean) {
  const kept = isFirst ? one : other;
  const rest = isFirst ? other : one;
  rest.close();
  return kept;
}`),
    good(
      `export const handed = (b: Budget, start: (job: Job) => void) => start({ budget: b, task: 'x' });`,
    ),
    good('export const given = (b: Budget) => ({ budget: b, at: 1 });'),
    good(`export class Agent {
  readonly #slot: Slot;
  constructor(b: Budget) { this.#slot = new Slot(b); }
  readonly pay = (usd: number) => this.#slot.update((budget) => budget.spend({ usd }));
}`),
    good(`export class Linear {
  budget: Budget = Budget.create(mint, { usd: 1 });
  pay(usd: number) { this.budget = this.budget.spend({ usd }); }
  readonly payLater = (usd: number) => { this.budget = this.budget.spend({ usd }); };
}`),
    good(`export class Asked {
  readonly #budget: Budget = Budget.create(mint, { usd: 1 });
  end() { if (this.#budget.isLive) this.#budget.close(); }
}`),
    good(`let shared = Budget.create(mint, { usd: 1 });
export function pay(usd: number) { shared = shared.spend({ usd }); }
export const left = () => shared.remaining;`),
    good(`const shared = Budget.create(mint, { usd: 1 });
export function stop() { if (shared.isLive) shared.close(); }`),
    good(`const shared = Budget.create(mint, { usd: 1 });
stop();
function stop() { shared.close(); }`),
    good('export const lent = (b: Budget, all: Map<string, BudgetView>) => all.set("b", b);'),
    good(`export function listed(b: Budget) {
  const shares = [b.carve({ usd: 1 }), b.carve({ usd: 2 })];
  for (const share of shares) share.close();
  b.close();
}`),
    good('export const promised = async (made: Promise<Budget>) => (await made).close();'),
  ],
  invalid: [
    bad(
      `export function secondName(b: Budget) {
  const other = «b»;
  other.charge({ usd: 1 });
  b.close();
}`,
      { messageId: 'secondPlace', data: b },
    ),
    bad(
      `export function pushed(b: Budget, all: Budget[]) {
  all.push(«b»);
  b.close();
}`,
      { messageId: 'secondPlace', data: b },
    ),
    bad(
      `export function twice(b: Budget) {
  const all = [«b», b];
  return all.length;
}`,
      { messageId: 'secondPlace' },
    ),
    bad(
      `export function closures(b: Budget) {
  const pay = () => b.spend({ usd: 1 }).close();
  const end = «() => b.close()»;
  return Math.random() > 0.5 ? pay : end;
}`,
      {
        messageId: 'secondClosure',
        data: { ...b, line: 2, share: 'a share (`b.carve(…)`)' },
      },
    ),
    bad(
      `export async function awaited(made: Promise<Budget>) {
  (await made).close();
  (await «made»).close();
}`,
      { messageId: 'awaitedTwice', data: { name: 'made', line: 2 } },
    ),
    bad(
      `export function kept(b: Budget) {
  const job = { budget: «b», task: 'x' };
  return job.task;
}`,
      { messageId: 'inObject', data: b },
    ),
    bad(
      `export class Agent {
  budget: Budget;
  constructor(b: Budget) { «this.budget = b»; }
}`,
      { messageId: 'inField', data: { name: 'this.budget' } },
    ),
    bad('export class Owner { constructor(private readonly «budget: Budget») {} }', {
      messageId: 'inField',
      data: { name: 'budget' },
    }),
    bad(
      `export class Agent {
  readonly #budget: Budget = Budget.create(mint, { usd: 1 });
  end() { «this.#budget».close(); }
}`,
      { messageId: 'outOfField', data: { name: 'this.#budget' } },
    ),
    bad(
      `export class Agent {
  readonly #budget: Budget = Budget.create(mint, { usd: 1 });
  readonly end = () => «this.#budget».close();
}`,
      { messageId: 'outOfField', data: { name: 'this.#budget' } },
    ),
    bad('export const keep = (b: Budget, all: Map<string, Budget>) => all.set("b", «b»);', {
      messageId: 'inCollection',
      data: b,
    }),
    bad('export const indexed = (all: Budget[], at: number) => «all[at]»?.close();', {
      messageId: 'byIndex',
      data: { name: 'all' },
    }),
    bad(
      `export function cloned(b: Budget) {
  structuredClone(«b»).close();
  b.close();
}`,
      { messageId: 'copied', data: b },
    ),
    bad(
      `export function spread(b: Budget) {
  console.log({ «...b» });
  b.close();
}`,
      { messageId: 'spread', data: b },
    ),
    bad('export const cast = (b: Budget): unknown => «b as unknown»;', {
      messageId: 'castAway',
      data: b,
    }),
    bad('export const forged = (view: BudgetView) => («view as Budget»).close();', {
      messageId: 'castTo',
      data: { name: 'view' },
    }),
    bad(
      `export function narrowed(view: BudgetView) {
  if (view instanceof Budget) «view».close();
}`,
      { messageId: 'narrowed', data: { name: 'view' } },
    ),
    bad('export const hidden = (b: Budget, all: unknown[]) => all.push(«b»);', {
      messageId: 'toUnknown',
      data: b,
    }),
    bad(
      `export const getter = (b: Budget) => ({
  get budget(): Budget { return «b»; },
});`,
      { messageId: 'inGetter', data: b },
    ),
    bad(
      `export const maker = (b: Budget) =>
  class { end() { «b».close(); } };`,
      { messageId: 'inMethod', data: b },
    ),
    bad('export const supplier = (b: Budget) => () => «b»;', {
      messageId: 'inReturnedClosure',
      data: b,
    }),
    bad(
      `const shared = Budget.create(mint, { usd: 1 });
export function stop() { «shared».close(); }`,
      { messageId: 'inExport', data: { name: 'shared' } },
    ),
    bad(
      `const shared = Budget.create(mint, { usd: 1 });
const stop = () => «shared».close();
export { stop };`,
      { messageId: 'inExport', data: { name: 'shared' } },
    ),
    bad(
      `let shared: Budget | undefined;
export const put = (b: Budget) => { shared = b; };
export default function current() { return «shared»; }`,
      { messageId: 'inExport', data: { name: 'shared' } },
    ),
  ],
});
