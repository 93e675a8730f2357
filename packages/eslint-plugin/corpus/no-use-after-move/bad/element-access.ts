// A method named by a string moves as well.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  const rest = budget['spend']({ usd: 1 });
  rest.close();
  budget['close'](); // ! no-use-after-move
}
