// `forEach` calls its callback for each task.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  [1, 2].forEach((usd) => budget.spend({ usd }).close()); // ! no-fan-out
}
