// `withBudget` closes what its callback leaves.
import { type BudgetMint, withBudget } from 'hardcap';
import { show } from '../../agents.ts';

export function run(mint: BudgetMint): string {
  return withBudget(mint, { usd: 5 }, (budget) => show(budget));
}
