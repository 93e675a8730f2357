// A split whose parts nobody binds.
// runtime: audit
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  budget.split({ usd: 2 }); // ! no-leaked-budget
}
