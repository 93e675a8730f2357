// The slot gives the budget to the callback and keeps what it returns.
import { Budget, type BudgetMint, Slot } from 'hardcap';
import { show } from '../../agents.ts';

export function run(mint: BudgetMint): void {
  const slot = new Slot(Budget.create(mint, { usd: 5 }));
  slot.update((budget) => budget.spend({ usd: 1 }));
  slot.update((budget) => budget.spend({ usd: 1 }));
  console.log(show(slot.view));
  slot.take().close();
}
