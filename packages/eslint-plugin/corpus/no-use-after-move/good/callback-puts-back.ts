// A synchronous callback moves the budget and puts the rest back on every path.
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  let budget = Budget.create(mint, { usd: 5 });
  [1, 2].forEach((usd) => {
    budget = budget.spend({ usd });
  });
  budget.close();
}
