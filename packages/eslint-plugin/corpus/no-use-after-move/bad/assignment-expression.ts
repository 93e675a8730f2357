// The value of an assignment is closed, the old handle too.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  let rest: Budget;
  (rest = budget.spend({ usd: 1 })).charge({ usd: 1 });
  budget.close(); // ! no-use-after-move
  rest.close();
}
