// A generic function whose parameter becomes `Budget` takes the budget over.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  const kept = keep(budget);
  kept.close();
  console.log(budget.held); // ! no-use-after-move
}

function keep<T>(value: T): T {
  return value;
}
