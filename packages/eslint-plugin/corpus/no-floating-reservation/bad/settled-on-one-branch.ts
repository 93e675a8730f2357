// Only a long answer is settled.
// runtime: audit
import { Budget, type BudgetMint } from 'hardcap';
import { callModel } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 5 });
  const [rest, hold] = budget.reserve({ usd: 2 }); // ! no-floating-reservation
  const answer = await callModel('draft');
  if (answer.length > 1000) hold.settle({ usd: 1 });
  rest.close();
}
