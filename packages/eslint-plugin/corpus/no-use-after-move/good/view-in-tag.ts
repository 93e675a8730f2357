// A tag of a template looks at the budget.
import { Budget, type BudgetMint, type BudgetView } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 2 });
  const line = looked`with ${budget} left`;
  budget.close();
  console.log(line);
}

function looked(text: TemplateStringsArray, view: BudgetView): string {
  return text.join(String(view.remaining.usd));
}
