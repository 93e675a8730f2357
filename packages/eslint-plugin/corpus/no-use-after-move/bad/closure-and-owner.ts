// One closure has the handle for later, and the function uses it now.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { step } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 5 });
  const handlers = { stop: () => budget.close() };
  const rest = await step(budget, 'draft'); // ! no-use-after-move
  rest.close();
  handlers.stop();
}
