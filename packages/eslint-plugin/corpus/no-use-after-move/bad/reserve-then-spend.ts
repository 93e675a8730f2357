// The handle before a hold is used while the hold is open.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 10 });
  const [rest, hold] = budget.reserve({ usd: 2 });
  if (budget.canSpend({ usd: 9 })) console.log('plenty'); // ! no-use-after-move
  hold.settle({ usd: 1 });
  rest.close();
}
