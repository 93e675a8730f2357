// One agent per task, all with the same handle.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 5 });
  const tasks = ['plan', 'draft', 'check'];
  await Promise.all(tasks.map((task) => runAgent(budget, task))); // ! no-fan-out
}
