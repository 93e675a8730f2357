// Each turn takes a share off and drops it.
// runtime: audit
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  for (const usd of [1, 2]) {
    budget.carve({ usd }); // ! no-leaked-budget
  }
  budget.close();
}
