// Each callback makes its own budget.
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  await Promise.all(
    ['plan', 'draft'].map(async (task) => {
      const budget = Budget.create(mint, { usd: 1 }, task);
      await runAgent(budget, task);
    }),
  );
}
