// The first element of the pair is skipped.
// runtime: audit
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  const [, rest] = budget.split({ usd: 2 }); // ! no-leaked-budget
  rest.close();
}
