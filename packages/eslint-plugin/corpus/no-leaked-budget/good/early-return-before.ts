// The early return comes before there is a budget.
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent } from '../../agents.ts';

export async function run(mint: BudgetMint, task = 'draft'): Promise<string> {
  if (task === '') return 'nothing to do';
  const budget = Budget.create(mint, { usd: 5 });
  return runAgent(budget, task);
}
