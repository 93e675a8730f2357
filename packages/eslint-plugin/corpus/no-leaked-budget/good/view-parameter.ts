// A function that only looks asks for a view, and owns nothing.
import { Budget, type BudgetMint, type BudgetView } from 'hardcap';

export function run(mint: BudgetMint): string {
  using budget = Budget.create(mint, { usd: 5 });
  return describe(budget);
}

function describe(view: BudgetView): string {
  return `${view.remaining.usd} dollars left`;
}
