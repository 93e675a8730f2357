// A name for the view, as long as the budget is there.
import { Budget, type BudgetMint, type BudgetView } from 'hardcap';
import { show } from '../../agents.ts';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  const view: BudgetView = budget;
  console.log(show(view), view.canSpend({ usd: 1 }));
  budget.close();
}
