// A map of slots: who takes a budget leaves its place empty.
import { Budget, type BudgetMint, Slot } from 'hardcap';

export function run(mint: BudgetMint): void {
  const slots = new Map<string, Slot>();
  for (const customer of ['acme', 'bolt']) {
    slots.set(customer, new Slot(Budget.create(mint, { usd: 1 }, customer)));
  }
  for (const slot of slots.values()) slot.take().close();
}
