// Promises are collected in a loop; each has the handle.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 5 });
  const jobs: Promise<string>[] = [];
  for (const task of ['plan', 'draft']) {
    jobs.push(runAgent(budget, task)); // ! no-fan-out
  }
  await Promise.all(jobs);
}
