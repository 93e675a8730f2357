// A cache from the request to its budget.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

const cache = new WeakMap<object, Budget>();

export function run(mint: BudgetMint): void {
  const request = {};
  const budget = Budget.create(mint, { usd: 5 });
  cache.set(request, budget); // ! no-alias
  cache.get(request)?.close();
  console.log(cache.get(request)?.remaining);
}
