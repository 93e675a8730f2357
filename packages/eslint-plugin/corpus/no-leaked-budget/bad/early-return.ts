// The early return leaves the budget behind.
// runtime: audit
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent } from '../../agents.ts';

export async function run(mint: BudgetMint, task = ''): Promise<string> {
  const budget = Budget.create(mint, { usd: 5 }); // ! no-leaked-budget
  if (task === '') return 'nothing to do';
  return runAgent(budget, task);
}
