// The callback moves its own parameter, not a captured handle.
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 5 });
  const shares = [1, 2].map((usd) => budget.carve({ usd }));
  await Promise.all(shares.map((share) => runAgent(share, 'work')));
  budget.close();
}
