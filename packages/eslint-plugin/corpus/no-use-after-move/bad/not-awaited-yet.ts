// The agent has the budget from the call on, not from the `await` on.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 5 });
  const answer = runAgent(budget, 'draft');
  try {
    budget.charge({ usd: 0.1 }); // ! no-use-after-move
  } finally {
    await answer;
  }
}
