// `withBudget` gives its callback a budget, which hands it on.
import { type BudgetMint, withBudget } from 'hardcap';
import { show } from '../../agents.ts';

export function run(mint: BudgetMint): string {
  return withBudget(mint, { usd: 5 }, (budget) => {
    const rest = budget.spend({ usd: 1 });
    const line = show(rest);
    rest.close();
    return line;
  });
}
