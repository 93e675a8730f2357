// Receiver and argument of one merge are the same handle.
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  budget.merge(budget).close(); // ! no-use-after-move
}
