// Two models race on one handle.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<string> {
  const budget = Budget.create(mint, { usd: 5 });
  return Promise.race([runAgent(budget, 'fast'), runAgent(budget, 'slow')]); // ! no-fan-out
}
