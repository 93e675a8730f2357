// A view is lent out and cast back to a budget.
// runtime: throws
import { Budget, type BudgetMint, type BudgetView } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  peek(budget);
  budget.close();
}

function peek(view: BudgetView): void {
  const taken = view as Budget; // ! no-alias
  taken.close();
}
