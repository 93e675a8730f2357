// Whether the request left decides how the hold ends.
import { Budget, type BudgetMint } from 'hardcap';
import { callModel } from '../../agents.ts';

export async function run(mint: BudgetMint, isDry = false): Promise<void> {
  const budget = Budget.create(mint, { usd: 5 });
  const [rest, hold] = budget.reserve({ usd: 2 });
  if (isDry) {
    hold.release('a dry run sends nothing');
  } else {
    await callModel('draft');
    hold.settle({ usd: 1 });
  }
  rest.close();
}
