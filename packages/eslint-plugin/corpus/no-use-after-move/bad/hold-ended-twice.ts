// A hold is settled and then released.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  const [rest, hold] = budget.reserve({ usd: 2 });
  hold.settle({ usd: 1 });
  hold.release('to be sure'); // ! no-use-after-move
  rest.close();
}
