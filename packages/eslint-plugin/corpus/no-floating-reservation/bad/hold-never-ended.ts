// The hold is looked at and forgotten.
// runtime: audit
import { Budget, type BudgetMint } from 'hardcap';
import { callModel } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 5 });
  const [rest, hold] = budget.reserve({ usd: 2 }); // ! no-floating-reservation
  console.log(hold.amounts, await callModel('draft'));
  rest.close();
}
