// `using` closes only what was not moved.
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent, show } from '../../agents.ts';

export async function run(mint: BudgetMint, isBusy = true): Promise<string> {
  using budget = Budget.create(mint, { usd: 5 });
  if (isBusy) return runAgent(budget, 'draft');
  return show(budget);
}
