// The race without an array of its own: the handle is in every job of a list of thunks.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent } from '../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 0.6 });
  const jobs = ['routes', 'prices'].map((task) => () => runAgent(budget, task)); // ! no-fan-out
  await Promise.all(jobs.map((job) => job()));
}
