// A function that ends the budget was called in one branch, and the budget is used after both.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  pay(Budget.create(mint, { usd: 2 }), true);
}

function pay(budget: Budget, isDone: boolean): void {
  const end = () => budget.close();
  if (isDone) end();
  budget.charge({ usd: 1 }); // ! no-use-after-move
  if (!isDone) end();
}
