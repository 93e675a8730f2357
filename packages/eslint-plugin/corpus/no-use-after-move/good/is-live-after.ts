// The one question that a used-up handle answers.
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): boolean {
  const budget = Budget.create(mint, { usd: 5 });
  budget.close();
  return budget.isLive;
}
