// Every mode ends the budget.
import { Budget, type BudgetMint } from 'hardcap';
import { finish } from '../../agents.ts';

export function run(mint: BudgetMint, mode: 'stop' | 'drain' = 'stop'): void {
  const budget = Budget.create(mint, { usd: 5 });
  switch (mode) {
    case 'stop':
      finish(budget);
      break;
    case 'drain':
      budget.spend({ usd: 4 }).close();
      break;
  }
}
