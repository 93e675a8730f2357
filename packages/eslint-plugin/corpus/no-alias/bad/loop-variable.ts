// A loop over a literal with one handle in it twice.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  for (const one of [budget, budget]) { // ! no-alias
    one.close();
  }
}
