// The callback of `then` runs once, and nobody else has the budget.
import { Budget, type BudgetMint } from 'hardcap';
import { callModel, runAgent } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<string> {
  const budget = Budget.create(mint, { usd: 5 });
  return callModel('plan').then((plan) => runAgent(budget, plan));
}
