// Every case ends before the next begins.
import { Budget, type BudgetMint } from 'hardcap';
import { finish } from '../../agents.ts';

export function run(mint: BudgetMint, mode: 'stop' | 'drain' | 'keep' = 'drain'): void {
  let budget = Budget.create(mint, { usd: 5 });
  switch (mode) {
    case 'stop':
      finish(budget);
      return;
    case 'drain':
      budget = budget.spend({ usd: 5 });
      break;
    case 'keep':
      break;
  }
  budget.close();
}
