// Two agents at once, one handle.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 5 });
  await Promise.all([runAgent(budget, 'plan'), runAgent(budget, 'draft')]); // ! no-fan-out
}
