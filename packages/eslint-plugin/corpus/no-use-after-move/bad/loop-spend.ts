// Every turn of the loop spends the handle from before the loop.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  for (let turn = 0; turn < 3; turn++) {
    const rest = budget.spend({ usd: 1 }); // ! no-use-after-move
    rest.close();
  }
}
