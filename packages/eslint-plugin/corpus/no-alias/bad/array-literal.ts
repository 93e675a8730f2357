// Two entries of a list are one handle.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  const list = [budget, budget]; // ! no-alias
  for (const one of list) one.close();
}
