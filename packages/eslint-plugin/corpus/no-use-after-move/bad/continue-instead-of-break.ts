// After the budget was ended the loop goes on with `continue` where `break` was meant.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { finish } from '../../agents.ts';

export function run(mint: BudgetMint): void {
  work(Budget.create(mint, { usd: 5 }), ['plan', 'stop', 'draft']);
}

function work(budget: Budget, tasks: readonly string[]): void {
  for (const task of tasks) {
    if (task === 'stop') {
      finish(budget); // ! no-use-after-move
      continue;
    }
    budget.charge({ usd: 1 }); // ! no-use-after-move
  }
  budget.close(); // ! no-use-after-move
}
