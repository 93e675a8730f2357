// A second agent is started with the handle that the first one has.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { step } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 5 });
  const first = await step(budget, 'plan');
  const second = await step(budget, 'draft'); // ! no-use-after-move
  first.close();
  second.close();
}
