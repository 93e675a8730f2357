// The result of a spend is asked for its truth, and dropped.
// runtime: audit
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  if (budget.spend({ usd: 1 })) { // ! no-leaked-budget
    console.log('spent');
  }
}
