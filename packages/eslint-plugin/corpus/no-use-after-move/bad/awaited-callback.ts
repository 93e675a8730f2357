// Code after `then` uses what its callback took along.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { callModel, runAgent } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 5 });
  const done = callModel('plan').then((plan) => runAgent(budget, plan));
  await done;
  budget.close(); // ! no-use-after-move
}
