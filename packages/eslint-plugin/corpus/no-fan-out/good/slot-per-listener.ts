// A listener that comes back works on a slot.
import { EventEmitter } from 'node:events';
import { Budget, type BudgetMint, Slot } from 'hardcap';

export function run(mint: BudgetMint): void {
  const queue = new EventEmitter<{ task: [string] }>();
  const slot = new Slot(Budget.create(mint, { usd: 5 }));
  queue.on('task', () => slot.update((budget) => budget.spend({ usd: 1 })));
  queue.emit('task', 'plan');
  queue.emit('task', 'draft');
  slot.take().close();
}
