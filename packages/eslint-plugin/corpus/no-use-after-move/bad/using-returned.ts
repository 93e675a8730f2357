// What is declared with `using` is closed when the function returns it.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = made(mint);
  budget.charge({ usd: 1 });
  budget.close();
}

function made(mint: BudgetMint): Budget {
  using budget = Budget.create(mint, { usd: 2 });
  budget.charge({ usd: 0.5 });
  return budget; // ! no-use-after-move
}
