// A function of the program's own calls its callback for each task.
// hard: how often a callback is called is not in its type.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 5 });
  await parallel(['plan', 'draft'], (task) => runAgent(budget, task)); // ! no-fan-out
}

async function parallel<T>(items: readonly T[], work: (item: T) => Promise<unknown>) {
  const jobs: Promise<unknown>[] = [];
  for (const item of items) jobs.push(work(item));
  await Promise.all(jobs);
}
