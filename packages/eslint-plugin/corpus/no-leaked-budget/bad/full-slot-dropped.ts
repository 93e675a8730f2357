// A slot that goes out of scope with a budget in it.
// hard: a slot is no handle, and may be looked at for ever.
// runtime: audit
import { Budget, type BudgetMint, Slot } from 'hardcap';
import { show } from '../../agents.ts';

export function run(mint: BudgetMint): void {
  const slot = new Slot(Budget.create(mint, { usd: 5 })); // ! no-leaked-budget
  console.log(show(slot.view));
}
