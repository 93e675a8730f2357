// The parts are ended one by one, then the first one is ended again by its index.
// hard: which element of a container has moved is not tracked.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { finish } from '../../agents.ts';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  const parts = [1, 2].map((usd) => budget.carve({ usd }));
  budget.close();
  for (const part of parts) finish(part);
  parts[0]?.close(); // ! no-use-after-move
}
