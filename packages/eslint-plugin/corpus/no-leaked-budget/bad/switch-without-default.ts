// One of three modes has no case.
// runtime: audit
import { Budget, type BudgetMint } from 'hardcap';
import { finish } from '../../agents.ts';

export function run(mint: BudgetMint, mode: 'stop' | 'drain' | 'keep' = 'keep'): void {
  const budget = Budget.create(mint, { usd: 5 }); // ! no-leaked-budget
  switch (mode) {
    case 'stop':
      finish(budget);
      break;
    case 'drain':
      budget.spend({ usd: 4 }).close();
      break;
  }
}
