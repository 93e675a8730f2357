// An event comes more than once.
// runtime: throws
import { EventEmitter } from 'node:events';
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const queue = new EventEmitter<{ task: [string] }>();
  const budget = Budget.create(mint, { usd: 5 });
  queue.on('task', () => budget.spend({ usd: 1 }).close()); // ! no-fan-out
  queue.emit('task', 'plan');
  queue.emit('task', 'draft');
}
