// A borrower may carve; the share it makes is its own to end.
import { Budget, type BudgetMint, type BudgetMut } from 'hardcap';
import { runAgent } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  using budget = Budget.create(mint, { usd: 5 });
  await work(budget);
}

async function work(budget: BudgetMut): Promise<void> {
  const share = budget.carve({ usd: 1 });
  await runAgent(share, 'draft');
}
