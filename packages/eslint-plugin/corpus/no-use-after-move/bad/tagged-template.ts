// A tag of a template takes the budget over.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 2 });
  const line = closed`closed with ${budget} left`;
  budget.close(); // ! no-use-after-move
  console.log(line);
}

function closed(text: TemplateStringsArray, budget: Budget): string {
  return text.join(String(budget.close().usd));
}
