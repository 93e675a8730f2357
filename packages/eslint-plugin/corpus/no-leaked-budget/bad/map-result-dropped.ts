// A list of shares that nobody binds.
// runtime: audit
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  [1, 2].map((usd) => budget.carve({ usd })); // ! no-leaked-budget
  budget.close();
}
