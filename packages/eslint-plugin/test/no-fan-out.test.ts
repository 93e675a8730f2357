import { rule } from '../src/rules/no-fan-out.ts';
import { bad, good } from './affine-samples.ts';
import { typedTester } from './rule-tester.ts';

const b = { name: 'b', share: 'a share (`b.carve(…)`)' };
const TASKS = 'tasks: readonly string[]';

typedTester().run('no-fan-out', rule, {
  valid: [
    good(`export async function shares(b: Budget, ${TASKS}) {
  await Promise.all(tasks.map((task) => run(b.carve({ usd: 1 }), task)));
  b.close();
}`),
    good(`export async function parts(b: Budget) {
  const [one, other] = b.split({ usd: 1 });
  await Promise.all([run(one, 'a'), run(other, 'b')]);
}`),
    good(`export async function elements(budgets: readonly Budget[]) {
  await Promise.all(budgets.map((budget, at) => run(budget, String(at))));
}`),
    good(`export const chain = (b: Budget, ${TASKS}) =>
  tasks.reduce(async (before, task) => step(await before, task), Promise.resolve(b));`),
    good(`export function look(b: Budget, ${TASKS}) {
  const lines = tasks.map((task) => task + show(b));
  b.close();
  return lines;
}`),
    good(`export async function delegated(b: Budget, ${TASKS}) {
  let pool = b;
  const jobs: Promise<string>[] = [];
  for (const task of tasks) {
    const [child, rest] = pool.delegate({ usd: 1 }, task);
    jobs.push(run(child, task));
    pool = rest;
  }
  await Promise.all(jobs);
  pool.close();
}`),
    good(`export function once(b: Budget, signal: AbortSignal) {
  signal.addEventListener('abort', () => b.close(), { once: true });
}`),
    good(
      'export const told = (b: Budget, work: (end: Once<() => void>) => void) => work(() => b.close());',
    ),
    good(`export async function raced(b: Budget, timeout: Promise<string>) {
  return Promise.race([run(b, 'x'), timeout]);
}`),
  ],
  invalid: [
    bad(
      `export async function mapped(b: Budget, ${TASKS}) {
  await Promise.all(tasks.map((task) => run(«b», task)));
}`,
      { messageId: 'repeated', data: { ...b, by: 'map' } },
    ),
    bad(
      `export async function mappedLater(b: Budget, ${TASKS}) {
  await Promise.all(tasks.map(async (task) => { await ask(b.carve({ usd: 1 }), task); «b».close(); }));
}`,
      { messageId: 'repeated', data: { ...b, by: 'map' } },
    ),
    bad(
      `export async function together(b: Budget) {
  await Promise.all([run(b, 'plan'), run(«b», 'draft')]);
}`,
      { messageId: 'inParallel', data: b },
    ),
    bad(
      `export async function settled(b: Budget) {
  await Promise.allSettled([run(b, 'plan'), Promise.resolve(1).then(«() => run(b, 'draft')»)]);
}`,
      { messageId: 'inParallel', data: b },
    ),
    bad(
      `export function timers(b: Budget, ${TASKS}) {
  for (const task of tasks) setTimeout(«() => void run(b, task)», 5);
}`,
      { messageId: 'eachTurn', data: b },
    ),
    bad(
      `export async function started(b: Budget, ${TASKS}) {
  const jobs: Promise<string>[] = [];
  for (const task of tasks) jobs.push(run(«b», task));
  await Promise.all(jobs);
}`,
      { messageId: 'eachTurn', data: b },
    ),
    bad(
      `export function interval(b: Budget) {
  return setInterval(() => «b».spend({ usd: 1 }).close(), 5);
}`,
      { messageId: 'repeated', data: { ...b, by: 'setInterval' } },
    ),
    bad(
      `export function listener(b: Budget, signal: AbortSignal) {
  signal.addEventListener('abort', () => «b».close());
}`,
      { messageId: 'repeated', data: { ...b, by: 'addEventListener' } },
    ),
    bad(
      `export async function named(b: Budget, ${TASKS}) {
  const work = (task: string) => run(b, task);
  await Promise.all(tasks.map(«work»));
}`,
      { messageId: 'repeated', data: { ...b, by: 'map' } },
    ),
    bad(
      `export async function declared(b: Budget) {
  async function child() { return run(b, 'x'); }
  await Promise.all([child(), «child»()]);
}`,
      { messageId: 'inParallel', data: b },
    ),
    bad(
      `const twice = async (work: () => Promise<string>) => [await work(), await work()];
export const retried = (b: Budget) => twice(() => run(«b», 'x'));`,
      { messageId: 'repeated', data: { ...b, by: 'twice' } },
    ),
    bad(
      `export class Payer {
  readonly #budget: Budget = Budget.create(mint, { usd: 1 });
  rests() { return [1, 2].map((usd) => «this.#budget».spend({ usd })); }
}`,
      { messageId: 'repeated' },
    ),
    bad(
      `export async function nested(b: Budget, ${TASKS}) {
  await Promise.all(tasks.map(() => tasks.forEach((task) => void run(«b», task))));
}`,
      { messageId: 'repeated', data: { ...b, by: 'forEach' } },
    ),
    bad(
      `export function sorted(b: Budget, figures: number[]) {
  figures.sort((one, other) => { «b».close(); return one - other; });
}`,
      { messageId: 'repeated', data: { ...b, by: 'sort' } },
    ),
  ],
});
