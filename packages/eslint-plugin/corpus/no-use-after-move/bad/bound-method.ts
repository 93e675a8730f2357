// A bound method carries the budget and is called twice.
// hard: `bind` hides both the receiver and the number of calls.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  const spend = budget.spend.bind(budget);
  spend({ usd: 1 }).close();
  spend({ usd: 1 }).close(); // ! no-use-after-move
}
