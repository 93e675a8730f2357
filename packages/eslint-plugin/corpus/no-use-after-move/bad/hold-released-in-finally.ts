// `finally` releases a hold that the body has settled.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { callModel } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 5 });
  const [rest, hold] = budget.reserve({ usd: 2 });
  try {
    await callModel('draft');
    hold.settle({ usd: 1 });
  } finally {
    hold.release('not sent'); // ! no-use-after-move
    rest.close();
  }
}
