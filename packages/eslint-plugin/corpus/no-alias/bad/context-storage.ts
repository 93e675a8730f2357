// The handle is kept in the async context; everything that runs in it can take it.
// runtime: throws
import { AsyncLocalStorage } from 'node:async_hooks';
import { Budget, type BudgetMint } from 'hardcap';

const context = new AsyncLocalStorage<Budget>();

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  context.run(budget, () => { // ! no-alias
    context.getStore()?.close();
    context.getStore()?.close();
  });
}
