// An argument ends the budget that the method is about to be called on.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 2 });
  budget.spend(budget.close()).close(); // ! no-use-after-move
}
