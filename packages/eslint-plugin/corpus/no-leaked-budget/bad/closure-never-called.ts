// A closure would end the budget, and nobody calls it.
// hard: whether a closure is ever called.
// runtime: audit
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 }); // ! no-leaked-budget
  const end = () => budget.close();
}
