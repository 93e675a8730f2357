// A function that ends the budget is made first and called last.
import { Budget, type BudgetMint } from 'hardcap';
import { ask } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 2 });
  const end = () => budget.close();
  try {
    await ask(budget, 'plan');
  } finally {
    end();
  }
}
