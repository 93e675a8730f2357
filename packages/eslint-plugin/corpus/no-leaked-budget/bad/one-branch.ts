// One branch ends the budget, the other forgets it.
// runtime: audit
import { Budget, type BudgetMint } from 'hardcap';
import { finish } from '../../agents.ts';

export function run(mint: BudgetMint, isUrgent = false): void {
  const budget = Budget.create(mint, { usd: 5 }); // ! no-leaked-budget
  if (isUrgent) finish(budget);
  else console.log('later');
}
