// An object whose prototype is the handle.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  const copy = Object.create(budget) as Budget; // ! no-alias
  try {
    copy.charge({ usd: 1 });
  } finally {
    budget.close();
  }
}
