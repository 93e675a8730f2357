// One branch ends the budget, the code after the branch ends it again.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { finish } from '../../agents.ts';

export function run(mint: BudgetMint): void {
  end(Budget.create(mint, { usd: 5 }), true);
}

function end(budget: Budget, isUrgent: boolean): void {
  if (isUrgent) {
    finish(budget);
  }
  budget.close(); // ! no-use-after-move
}
