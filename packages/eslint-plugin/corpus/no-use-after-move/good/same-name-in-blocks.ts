// Two blocks each have a `budget` of their own.
import { Budget, type BudgetMint } from 'hardcap';
import { show } from '../../agents.ts';

export function run(mint: BudgetMint): void {
  {
    const budget = Budget.create(mint, { usd: 1 });
    budget.close();
  }
  {
    const budget = Budget.create(mint, { usd: 2 });
    console.log(show(budget));
    budget.close();
  }
}
