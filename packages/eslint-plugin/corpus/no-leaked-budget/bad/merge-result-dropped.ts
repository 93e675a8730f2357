// The sum of two budgets is dropped.
// runtime: audit
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const left = Budget.create(mint, { usd: 5 });
  const right = Budget.create(mint, { usd: 3 });
  left.merge(right); // ! no-leaked-budget
}
