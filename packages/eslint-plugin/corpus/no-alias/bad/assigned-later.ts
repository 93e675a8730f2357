// A variable of an outer block is given the same handle.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { finish } from '../../agents.ts';

export function run(mint: BudgetMint, isKept = true): void {
  let last: Budget | undefined;
  const budget = Budget.create(mint, { usd: 5 });
  if (isKept) {
    last = budget; // ! no-alias
  }
  finish(budget);
  last?.close();
}
