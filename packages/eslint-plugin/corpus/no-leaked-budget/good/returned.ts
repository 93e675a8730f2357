// The rest belongs to the caller.
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  paid(Budget.create(mint, { usd: 5 }), 1).close();
}

function paid(budget: Budget, usd: number): Budget {
  return budget.canSpend({ usd }) ? budget.spend({ usd }) : budget;
}
