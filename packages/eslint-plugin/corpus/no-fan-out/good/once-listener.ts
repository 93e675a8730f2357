// A listener that is called once, by its own word.
// hard: `once` of an emitter is known by name only.
import { EventEmitter } from 'node:events';
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const agent = new EventEmitter<{ end: [] }>();
  const budget = Budget.create(mint, { usd: 5 });
  agent.once('end', () => budget.close());
  agent.emit('end');
}
