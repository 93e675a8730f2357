// A cast to `any` hides the handle from every check.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  const anything = budget as any; // ! no-alias
  anything.close();
  budget.charge({ usd: 1 });
}
