// A refused spend has moved nothing: the catch still owns the budget.
import { Budget, BudgetCapError, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): BudgetCapError | undefined {
  const budget = Budget.create(mint, { usd: 5 });
  let rest: Budget;
  try {
    rest = budget.spend({ usd: 9 });
  } catch (error) {
    if (!(error instanceof BudgetCapError)) throw error;
    budget.close();
    return error;
  }
  rest.close();
  return undefined;
}
