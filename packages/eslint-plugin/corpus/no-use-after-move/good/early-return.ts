// The branch that moves the budget leaves.
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent } from '../../agents.ts';

export async function run(mint: BudgetMint, isTrivial = false): Promise<string> {
  const budget = Budget.create(mint, { usd: 5 });
  if (isTrivial) {
    budget.close();
    return 'nothing to do';
  }
  return runAgent(budget, 'draft');
}
