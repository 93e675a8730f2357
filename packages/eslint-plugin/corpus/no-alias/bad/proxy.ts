// A proxy in front of the handle, for a log.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  const logged = new Proxy(budget, {}); // ! no-alias
  try {
    logged.charge({ usd: 1 });
  } finally {
    budget.close();
  }
}
