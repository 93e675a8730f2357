// A budget that was put into a slot is the slot's.
// runtime: throws
import { Budget, type BudgetMint, Slot } from 'hardcap';

export function run(mint: BudgetMint): void {
  const slot = new Slot();
  const budget = Budget.create(mint, { usd: 5 });
  slot.put(budget);
  slot.take().close();
  budget.charge({ usd: 1 }); // ! no-use-after-move
}
