// One flag makes the budget and ends it.
// hard: path-insensitive analyses see a path that cannot happen.
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint, isPaid = true): void {
  let budget: Budget | undefined;
  if (isPaid) budget = Budget.create(mint, { usd: 5 });
  console.log(isPaid);
  if (isPaid) budget?.close();
}
