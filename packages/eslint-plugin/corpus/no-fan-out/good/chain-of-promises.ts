// A chain of promises hands the budget from step to step.
import { Budget, type BudgetMint } from 'hardcap';
import { step } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const left = await ['plan', 'draft'].reduce(
    async (before, task) => step(await before, task),
    Promise.resolve(Budget.create(mint, { usd: 2 })),
  );
  left.close();
}
