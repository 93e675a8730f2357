// The slot outlives the function and has the budget.
import { Budget, type BudgetMint, Slot } from 'hardcap';

export function run(mint: BudgetMint): void {
  const slot = new Slot();
  fill(mint, slot);
  slot.take().close();
}

function fill(mint: BudgetMint, slot: Slot): void {
  const budget = Budget.create(mint, { usd: 5 });
  slot.put(budget);
}
