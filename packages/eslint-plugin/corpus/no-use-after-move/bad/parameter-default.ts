// The default of a later parameter ends the budget of an earlier one.
// runtime: throws
import { Budget, type BudgetAmounts, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  end(Budget.create(mint, { usd: 2 }));
}

function end(budget: Budget, left: BudgetAmounts = budget.close()): void {
  console.log(left);
  budget.close(); // ! no-use-after-move
}
