// A second name for one handle.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  const same = budget; // ! no-alias
  same.spend({ usd: 1 }).close();
  budget.close();
}
