// The pair of a split is assigned to a new part and to the same variable.
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  let budget = Budget.create(mint, { usd: 5 });
  let part: Budget;
  [part, budget] = budget.split({ usd: 1 });
  part.close();
  [part, budget] = budget.delegate({ usd: 1 });
  part.close();
  budget.close();
}
