// A closed budget is asked whether it could spend.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): boolean {
  const budget = Budget.create(mint, { usd: 5 });
  budget.close();
  return budget.canSpend({ usd: 1 }); // ! no-use-after-move
}
