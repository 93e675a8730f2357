// A function that takes the hold over ends it.
import { Budget, type BudgetHold, type BudgetMint } from 'hardcap';
import { callModel } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 5 });
  const [rest, hold] = budget.reserve({ usd: 2 });
  await send(hold);
  rest.close();
}

async function send(hold: BudgetHold): Promise<string> {
  const answer = await callModel('draft');
  hold.settle({ usd: 1 });
  return answer;
}
