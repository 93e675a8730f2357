// The right side of `&&` moves the budget, sometimes.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { finish } from '../../agents.ts';

export function run(mint: BudgetMint, isReady = true): void {
  const budget = Budget.create(mint, { usd: 5 });
  void (isReady && finish(budget));
  budget.close(); // ! no-use-after-move
}
