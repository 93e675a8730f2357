// The first good answer wins; both agents have the handle.
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<string> {
  const budget = Budget.create(mint, { usd: 5 });
  return Promise.any([runAgent(budget, 'fast'), runAgent(budget, 'slow')]); // ! no-fan-out
}
