// A retry function calls its callback again after a failure.
// hard: how often a callback is called is not in its type.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<string> {
  const budget = Budget.create(mint, { usd: 5 });
  return retried(() => failing(budget)); // ! no-fan-out
}

async function failing(budget: Budget): Promise<string> {
  await runAgent(budget, 'draft');
  throw new Error('timeout');
}

async function retried<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch {
    return work();
  }
}
