// A comparator is called once for each pair.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  const order = [3, 1, 2].sort((a, b) => {
    budget.spend({ usd: 0.1 }).close(); // ! no-fan-out
    return a - b;
  });
  console.log(order);
}
