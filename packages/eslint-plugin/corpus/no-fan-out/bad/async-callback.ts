// The callback is async and moves the handle before its first `await`.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { callModel } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 5 });
  await Promise.all(
    ['plan', 'draft'].map(async (task) => {
      const rest = budget.spend({ usd: 1 }); // ! no-fan-out
      await callModel(task);
      rest.close();
    }),
  );
}
