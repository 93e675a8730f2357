// A clone that the compiler takes for a second budget.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  const copy = structuredClone(budget); // ! no-alias
  try {
    copy.charge({ usd: 1 });
  } finally {
    budget.close();
  }
}
