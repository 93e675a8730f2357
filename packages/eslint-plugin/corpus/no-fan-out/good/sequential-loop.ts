// One agent after the other, each with what the one before has left.
import { Budget, type BudgetMint } from 'hardcap';
import { step } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  let budget = Budget.create(mint, { usd: 5 });
  for (const task of ['plan', 'draft']) {
    budget = await step(budget, task);
  }
  budget.close();
}
