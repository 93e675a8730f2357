// What follows the branch is not reached from it.
import { Budget, type BudgetMint } from 'hardcap';
import { finish } from '../../agents.ts';

export function run(mint: BudgetMint, isBroken = false): void {
  const budget = Budget.create(mint, { usd: 5 });
  if (isBroken) {
    budget.close();
    throw new Error('broken');
  }
  finish(budget);
}
