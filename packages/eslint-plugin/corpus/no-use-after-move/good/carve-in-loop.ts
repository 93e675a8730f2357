// `carve` takes shares off and keeps the handle.
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 5 });
  for (const task of ['plan', 'draft']) {
    await runAgent(budget.carve({ usd: 1 }, task), task);
  }
  budget.close();
}
