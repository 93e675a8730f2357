// A budget is made and forgotten.
// runtime: audit
import { Budget, type BudgetMint } from 'hardcap';
import { show } from '../../agents.ts';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 }); // ! no-leaked-budget
  console.log(show(budget));
}
