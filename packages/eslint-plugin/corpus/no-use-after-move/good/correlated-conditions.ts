// One flag decides twice; no run moves the budget twice.
// hard: path-insensitive analyses see a path that cannot happen.
import { Budget, type BudgetMint } from 'hardcap';
import { finish } from '../../agents.ts';

export function run(mint: BudgetMint, isUrgent = true): void {
  const budget = Budget.create(mint, { usd: 5 });
  if (isUrgent) finish(budget);
  console.log(isUrgent ? 'ended' : 'still open');
  if (!isUrgent) budget.close();
}
