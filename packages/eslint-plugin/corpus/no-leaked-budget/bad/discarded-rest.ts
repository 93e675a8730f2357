// What `spend` returns is dropped, and with it the rest of the money.
// runtime: audit
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  budget.spend({ usd: 1 }); // ! no-leaked-budget
}
