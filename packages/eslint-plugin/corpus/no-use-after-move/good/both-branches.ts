// Each branch moves the budget, once.
import { Budget, type BudgetMint } from 'hardcap';
import { finish } from '../../agents.ts';

export function run(mint: BudgetMint, isUrgent = true): void {
  const budget = Budget.create(mint, { usd: 5 });
  if (isUrgent) finish(budget);
  else budget.close();
}
