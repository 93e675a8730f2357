// Several timers get the same handle.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 5 });
  const errors: unknown[] = [];
  for (const delay of [1, 2]) {
    setTimeout(() => runAgent(budget, `after ${delay}`).catch((e) => errors.push(e)), delay); // ! no-fan-out
  }
  await new Promise((resolve) => setTimeout(resolve, 10));
  if (errors.length > 0) throw errors[0];
}
