// A type parameter that extends `Budget` is as affine as its bound.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  end(Budget.create(mint, { usd: 5 }));
}

function end<B extends Budget>(budget: B): void {
  const rest = budget.spend({ usd: 1 });
  rest.close();
  budget.close(); // ! no-use-after-move
}
