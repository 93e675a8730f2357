// Only some turns use the share that each of them takes.
// runtime: audit
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 5 });
  for (const task of ['plan', '', 'draft']) {
    const share = budget.carve({ usd: 1 }); // ! no-leaked-budget
    if (task === '') continue;
    await runAgent(share, task);
  }
  budget.close();
}
