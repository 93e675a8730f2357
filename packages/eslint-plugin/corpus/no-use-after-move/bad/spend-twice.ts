// Two spends on one handle: the second forgets that the first returned the rest.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  const rest = budget.spend({ usd: 1 });
  budget.spend({ usd: 1 }).close(); // ! no-use-after-move
  rest.close();
}
