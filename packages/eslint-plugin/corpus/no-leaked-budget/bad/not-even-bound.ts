// A budget is made in a statement of its own.
// runtime: audit
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  Budget.create(mint, { usd: 5 }); // ! no-leaked-budget
}
