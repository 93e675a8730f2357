// A callback that is called at most once may take the budget along.
import { Budget, type BudgetMint, type Once } from 'hardcap';
import { finish } from '../../agents.ts';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  inside(() => finish(budget));
}

function inside(work: Once<() => void>): void {
  work();
}
