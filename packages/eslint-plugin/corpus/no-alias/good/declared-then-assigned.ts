// A variable without a value gets its handle in one of two branches.
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint, isBig = true): void {
  let budget: Budget;
  if (isBig) budget = Budget.create(mint, { usd: 9 });
  else budget = Budget.create(mint, { usd: 1 });
  budget.close();
}
