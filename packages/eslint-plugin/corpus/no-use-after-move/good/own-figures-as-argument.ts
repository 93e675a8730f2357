// The argument is read before the move happens.
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  const rest = budget.spend(budget.remaining);
  rest.close();
}
