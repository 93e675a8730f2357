// Empty answers are skipped, and their holds with them.
// runtime: audit
import { Budget, type BudgetMint } from 'hardcap';
import { callModel } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  let budget = Budget.create(mint, { usd: 5 });
  for (const task of ['plan', 'draft']) {
    const [rest, hold] = budget.reserve({ usd: 2 }); // ! no-floating-reservation
    budget = rest;
    const answer = await callModel(task);
    if (answer.includes('plan')) continue;
    hold.settle({ usd: 1 });
  }
  budget.close();
}
