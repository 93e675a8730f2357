// The two promises have names, and are awaited together.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 5 });
  const plan = runAgent(budget, 'plan');
  const draft = runAgent(budget, 'draft'); // ! no-use-after-move
  await Promise.all([plan, draft]);
}
