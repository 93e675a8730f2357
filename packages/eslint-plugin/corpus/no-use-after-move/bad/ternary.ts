// Both arms of a conditional take the budget, the statement after it takes it again.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint, isCheap = true): void {
  const budget = Budget.create(mint, { usd: 5 });
  const rest = isCheap ? budget.spend({ usd: 1 }) : budget.spend({ usd: 2 });
  rest.close();
  budget.close(); // ! no-use-after-move
}
