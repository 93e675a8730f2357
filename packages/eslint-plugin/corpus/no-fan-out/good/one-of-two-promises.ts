// Only one of the parallel jobs has the budget.
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 5 });
  const timeout = new Promise<string>((resolve) => setTimeout(resolve, 1, 'late'));
  console.log(await Promise.race([runAgent(budget, 'draft'), timeout]));
}
