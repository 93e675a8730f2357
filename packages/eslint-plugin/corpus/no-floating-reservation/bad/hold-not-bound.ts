// The hold of a budget is not even bound.
// runtime: audit
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  const [rest] = budget.reserve({ usd: 2 }); // ! no-floating-reservation
  rest.close();
}
