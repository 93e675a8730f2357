// The linear idiom: the variable always holds the live handle.
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  let budget = Budget.create(mint, { usd: 5 });
  budget = budget.spend({ usd: 1 });
  budget = budget.spend({ usd: 1 });
  budget.close();
}
