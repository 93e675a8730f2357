// `using` closes what was not moved.
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint, isShort = true): void {
  using budget = Budget.create(mint, { usd: 5 });
  if (isShort) return;
  budget.charge({ usd: 1 });
}
