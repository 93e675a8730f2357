// A tuple with the budget in it is spread into a call, twice.
// hard: the tuple as an alias, and its spread.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const job: [Budget, string] = [Budget.create(mint, { usd: 5 }), 'draft'];
  await runAgent(...job);
  await runAgent(...job); // ! no-use-after-move
}
