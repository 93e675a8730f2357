// Optional calls move too.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  end(Budget.create(mint, { usd: 5 }));
}

function end(budget: Budget | undefined): void {
  budget?.close();
  console.log(budget?.remaining); // ! no-use-after-move
}
