// What is declared with `using` goes out in a result, and is closed by then.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const { budget } = made(mint);
  budget.close();
}

function made(mint: BudgetMint): { readonly budget: Budget; readonly at: number } {
  using budget = Budget.create(mint, { usd: 2 });
  return { budget, at: 1 }; // ! no-use-after-move
}
