// Every turn of the loop makes and moves a budget of its own.
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent, show } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  for (const task of ['plan', 'draft']) {
    const budget = Budget.create(mint, { usd: 1 }, task);
    console.log(show(budget));
    await runAgent(budget, task);
  }
}
