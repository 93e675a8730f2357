// `break` leaves the loop before the share is closed.
// runtime: audit
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  while (budget.canSpend({ usd: 1 })) {
    const share = budget.carve({ usd: 1 }); // ! no-leaked-budget
    if (share.remaining.usd === 1) break;
    share.close();
  }
  budget.close();
}
