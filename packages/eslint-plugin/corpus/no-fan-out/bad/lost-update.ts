// The linear idiom in parallel: both callbacks start from the same handle.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { step } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  let budget = Budget.create(mint, { usd: 5 });
  await Promise.all(
    ['plan', 'draft'].map(async (task) => {
      budget = await step(budget, task); // ! no-fan-out
    }),
  );
  budget.close();
}
