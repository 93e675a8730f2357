// A share is spent and closed in one line; where that is refused, the budget is still there.
import { Budget, BudgetCapError, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): string {
  const budget = Budget.create(mint, { usd: 1 });
  try {
    budget.spend({ usd: 2 }).close();
    return 'paid';
  } catch (error) {
    budget.close();
    if (!(error instanceof BudgetCapError)) throw error;
    return `${error.scope} has ${error.cap_usd ?? 0}`;
  }
}
