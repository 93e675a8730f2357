// A while loop hands the same budget to an agent, again and again, one after the other.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 5 });
  const tasks = ['plan', 'draft', 'check'];
  let task = tasks.pop();
  while (task !== undefined) {
    await runAgent(budget, task); // ! no-use-after-move
    task = tasks.pop();
  }
}
