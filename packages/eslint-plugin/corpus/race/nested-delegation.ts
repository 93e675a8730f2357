// The race one level down: each child fans the whole budget out once more.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent } from '../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  await lead(Budget.create(mint, { usd: 0.6 }), 2);
}

async function lead(budget: Budget, depth: number): Promise<unknown> {
  if (depth === 0) return runAgent(budget, 'leaf');
  return Promise.all([lead(budget, depth - 1), lead(budget, depth - 1)]); // ! no-fan-out
}
