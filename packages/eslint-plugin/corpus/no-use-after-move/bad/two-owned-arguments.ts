// One call gets the same budget for two parameters that own it.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  both(budget, budget); // ! no-use-after-move
}

function both(first: Budget, second: Budget): void {
  first.close();
  second.close();
}
