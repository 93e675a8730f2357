// A function of the module gives the same budget out to everybody who asks.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent } from '../../agents.ts';

let shared: Budget | undefined;

export async function run(mint: BudgetMint): Promise<void> {
  shared = Budget.create(mint, { usd: 2 });
  for (const task of ['plan', 'draft']) {
    const budget = current();
    if (budget !== undefined) await runAgent(budget, task);
  }
}

export function current(): Budget | undefined {
  return shared; // ! no-alias
}
