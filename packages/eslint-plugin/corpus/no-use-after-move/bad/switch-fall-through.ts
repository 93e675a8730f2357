// A case without `break` falls into the one that moves the budget again.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { finish } from '../../agents.ts';

export function run(mint: BudgetMint): void {
  end(Budget.create(mint, { usd: 5 }), 'stop');
}

function end(budget: Budget, mode: 'stop' | 'drain'): void {
  switch (mode) {
    case 'stop':
      finish(budget);
    case 'drain':
      budget.close(); // ! no-use-after-move
  }
}
