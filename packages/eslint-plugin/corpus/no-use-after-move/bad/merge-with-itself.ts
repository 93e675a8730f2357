// Receiver and argument of one merge are the same handle.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  budget.merge(budget).close(); // ! no-use-after-move
}
