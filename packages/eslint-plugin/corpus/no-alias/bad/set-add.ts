// A set of live budgets is a second place for each of them.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { finish } from '../../agents.ts';

const live = new Set<Budget>();

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  live.add(budget); // ! no-alias
  finish(budget);
  for (const one of live) one.close();
}
