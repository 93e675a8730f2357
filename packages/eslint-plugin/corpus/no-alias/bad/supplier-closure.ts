// A supplier that returns the same handle at each call.
// hard: how often a callback is called is not in its type.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { finish } from '../../agents.ts';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  use(() => budget); // ! no-alias
}

function use(supply: () => Budget): void {
  finish(supply());
  finish(supply());
}
