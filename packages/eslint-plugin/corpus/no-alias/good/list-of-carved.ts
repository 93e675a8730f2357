// A list of fresh shares is used up element by element.
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 5 });
  const shares = ['plan', 'draft'].map((task) => budget.carve({ usd: 1 }, task));
  for (const share of shares) await runAgent(share, 'work');
  budget.close();
}
