// The linear idiom in a loop, with the question before each spend.
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  let budget = Budget.create(mint, { usd: 5 });
  while (budget.canSpend({ usd: 2 })) {
    budget = budget.spend({ usd: 2 });
  }
  budget.close();
}
