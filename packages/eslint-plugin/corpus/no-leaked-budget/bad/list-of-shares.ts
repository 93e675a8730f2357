// A list of shares is counted and never ended.
// runtime: audit
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 2 });
  const shares = [budget.carve({ usd: 1 }), budget.carve({ usd: 1 })]; // ! no-leaked-budget
  budget.close();
  console.log(shares.length);
}
