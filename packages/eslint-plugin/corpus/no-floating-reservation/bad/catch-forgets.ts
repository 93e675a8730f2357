// The answer is settled; the failure, which may have been billed, is logged.
// runtime: audit
import { Budget, type BudgetMint } from 'hardcap';
import { callModel } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 5 });
  const [rest, hold] = budget.reserve({ usd: 2 }); // ! no-floating-reservation
  try {
    JSON.parse(await callModel('draft'));
    hold.settle({ usd: 1 });
  } catch (error) {
    console.log(error);
  }
  rest.close();
}
