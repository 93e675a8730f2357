// `Array.from` with a callback for each index.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 5 });
  const jobs = Array.from({ length: 3 }, (_, at) => runAgent(budget, `job ${at}`)); // ! no-fan-out
  await Promise.all(jobs);
}
