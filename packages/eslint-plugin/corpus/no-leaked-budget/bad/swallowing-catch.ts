// The close is in the `try`; after the catch the budget is still open.
// runtime: audit
import { Budget, type BudgetMint } from 'hardcap';
import { callModel } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 5 }); // ! no-leaked-budget
  try {
    JSON.parse(await callModel('draft'));
    budget.close();
  } catch (error) {
    console.log(error);
  }
}
