// One case of a `switch` does nothing with the budget.
// runtime: audit
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  end(Budget.create(mint, { usd: 2 }), 'keep');
}

function end(budget: Budget, how: 'close' | 'keep'): void { // ! no-leaked-budget
  switch (how) {
    case 'close':
      budget.close();
      break;
    default:
      break;
  }
}
