// The delegation race: three children at once, each with the whole budget.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent } from '../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 0.6 });
  const tasks = ['routes', 'prices', 'customs'];
  await Promise.all(tasks.map((task) => runAgent(budget, task))); // ! no-fan-out
}
