// `finally` closes what the body handed on.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<string> {
  const budget = Budget.create(mint, { usd: 5 });
  try {
    return await runAgent(budget, 'draft');
  } finally {
    budget.close(); // ! no-use-after-move
  }
}
