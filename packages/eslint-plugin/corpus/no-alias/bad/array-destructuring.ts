// Two variables are bound to one handle by destructuring.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  const [first, second] = [budget, budget]; // ! no-alias
  first.close();
  second.close();
}
