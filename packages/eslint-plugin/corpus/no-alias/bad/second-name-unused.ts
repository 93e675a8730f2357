// A second name that nobody uses yet.
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  const backup = budget; // ! no-alias
  budget.close();
}
