// Made, used, closed.
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  budget.charge({ usd: 1 });
  budget.close();
}
