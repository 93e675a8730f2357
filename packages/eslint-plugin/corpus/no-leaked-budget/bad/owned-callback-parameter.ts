// A callback that owns its parameter drops it.
// runtime: audit
import { Budget, type BudgetMint } from 'hardcap';
import { show } from '../../agents.ts';

export function run(mint: BudgetMint): void {
  give(mint, (budget) => console.log(show(budget))); // ! no-leaked-budget
}

function give(mint: BudgetMint, take: (budget: Budget) => void): void {
  take(Budget.create(mint, { usd: 5 }));
}
