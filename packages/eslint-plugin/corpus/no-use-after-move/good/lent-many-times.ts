// Parameters of the borrowing types leave the budget where it is.
import { Budget, type BudgetMint } from 'hardcap';
import { ask, show } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 5 });
  console.log(show(budget));
  await ask(budget, 'plan');
  await ask(budget, 'draft');
  console.log(show(budget));
  budget.close();
}
