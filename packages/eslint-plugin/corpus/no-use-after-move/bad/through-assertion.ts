// A type assertion on the way does not make it another handle.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { finish } from '../../agents.ts';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  finish(budget as Budget);
  (budget satisfies Budget).close(); // ! no-use-after-move
}
