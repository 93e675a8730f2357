// A list of budgets is handed on as a whole, and one of them used afterwards.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { finish } from '../../agents.ts';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  const parts = [1, 2].map((usd) => budget.carve({ usd }));
  budget.close();
  finishAll(parts);
  for (const part of parts) part.close(); // ! no-use-after-move
}

function finishAll(parts: readonly Budget[]): void {
  for (const part of parts) finish(part);
}
