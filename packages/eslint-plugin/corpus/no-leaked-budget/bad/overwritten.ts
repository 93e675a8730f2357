// A live budget is overwritten by the next.
// runtime: audit
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  let budget = Budget.create(mint, { usd: 5 });
  budget = Budget.create(mint, { usd: 3 }); // ! no-leaked-budget
  budget.close();
}
