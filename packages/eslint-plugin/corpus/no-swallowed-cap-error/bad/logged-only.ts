// A log line is no handling: the loop goes on to the next call.
import { Budget, type BudgetMint } from 'hardcap';
import { ask } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  using budget = Budget.create(mint, { usd: 1 });
  for (const task of ['plan', 'draft', 'check', 'send']) {
    try {
      await ask(budget, task);
    } catch (error) { // ! no-swallowed-cap-error
      console.error('failed', error);
    }
  }
}
