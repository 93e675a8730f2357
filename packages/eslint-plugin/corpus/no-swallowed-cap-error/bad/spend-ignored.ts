// The refused spend is ignored, and the request leaves all the same.
import { Budget, type BudgetMint } from 'hardcap';
import { callModel } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<string> {
  using budget = Budget.create(mint, { usd: 1 });
  try {
    budget.charge({ usd: 2 });
  } catch { // ! no-swallowed-cap-error
    // The books can wait.
  }
  return callModel('draft');
}
