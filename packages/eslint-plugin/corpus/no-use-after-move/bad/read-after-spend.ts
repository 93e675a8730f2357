// The figure for the log is read from the handle that was spent.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  const rest = budget.spend({ usd: 1 });
  const left = budget.remaining.usd; // ! no-use-after-move
  console.log(left);
  rest.close();
}
