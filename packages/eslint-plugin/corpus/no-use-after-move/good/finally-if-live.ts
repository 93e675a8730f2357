// `finally` closes the budget only where it was not handed on.
// hard: needs to read `isLive` as the condition that it is.
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent } from '../../agents.ts';

export async function run(mint: BudgetMint, isBusy = true): Promise<string> {
  const budget = Budget.create(mint, { usd: 5 });
  try {
    return isBusy ? await runAgent(budget, 'draft') : 'idle';
  } finally {
    if (budget.isLive) budget.close();
  }
}
