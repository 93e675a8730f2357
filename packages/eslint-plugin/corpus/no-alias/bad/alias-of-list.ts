// Two names for one list of budgets.
// hard: the alias is of a container.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const list = [Budget.create(mint, { usd: 5 })];
  const same = list; // ! no-alias
  for (const one of list) one.close();
  for (const one of same) one.close();
}
