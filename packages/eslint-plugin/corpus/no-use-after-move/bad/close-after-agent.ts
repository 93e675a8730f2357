// The agent took the budget over; the caller closes it as well.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 5 });
  console.log(await runAgent(budget, 'draft'));
  budget.close(); // ! no-use-after-move
}
