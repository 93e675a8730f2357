// The callback of a `Once` parameter takes the budget; the caller uses it afterwards.
// runtime: throws
import { Budget, type BudgetMint, type Once } from 'hardcap';
import { finish } from '../../agents.ts';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  inside(() => finish(budget));
  budget.close(); // ! no-use-after-move
}

function inside(work: Once<() => void>): void {
  work();
}
