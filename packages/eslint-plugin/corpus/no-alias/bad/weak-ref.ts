// A weak reference is a reference.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { finish } from '../../agents.ts';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  const ref = new WeakRef(budget); // ! no-alias
  finish(budget);
  ref.deref()?.close();
}
