// `instanceof` turns a lent view into an owned handle.
// hard: the alias comes from narrowing, not from an assertion.
// runtime: throws
import { Budget, type BudgetMint, type BudgetView } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  peek(budget);
  budget.close();
}

function peek(view: BudgetView): void {
  if (view instanceof Budget) view.close(); // ! no-alias
}
