// The function owns its parameter and only looks at it: it should ask for a view.
// runtime: audit
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): string {
  return describe(Budget.create(mint, { usd: 5 }));
}

function describe(budget: Budget): string { // ! no-leaked-budget
  return `${budget.remaining.usd} dollars left`;
}
