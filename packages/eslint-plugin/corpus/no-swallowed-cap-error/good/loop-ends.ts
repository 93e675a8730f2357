// A refusal ends the loop, and the caller hears of it.
import { Budget, BudgetCapError, type BudgetMint } from 'hardcap';
import { ask } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<BudgetCapError | undefined> {
  using budget = Budget.create(mint, { usd: 1 });
  for (const task of ['plan', 'draft', 'check']) {
    try {
      await ask(budget, task);
    } catch (error) {
      if (error instanceof BudgetCapError) return error;
      throw error;
    }
  }
  return undefined;
}
