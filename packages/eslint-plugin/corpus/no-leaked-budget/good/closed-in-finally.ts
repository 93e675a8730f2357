// Whatever happens, the budget is closed.
import { Budget, type BudgetMint } from 'hardcap';
import { ask } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<unknown> {
  const budget = Budget.create(mint, { usd: 5 });
  try {
    return await ask(budget, 'draft');
  } finally {
    budget.close();
  }
}
