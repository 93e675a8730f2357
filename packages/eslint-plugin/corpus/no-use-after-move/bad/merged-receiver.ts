// The receiver of a merge is handed on instead of the result.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { finish } from '../../agents.ts';

export function run(mint: BudgetMint): void {
  const left = Budget.create(mint, { usd: 5 });
  const right = Budget.create(mint, { usd: 3 });
  const both = left.merge(right);
  finish(left); // ! no-use-after-move
  both.close();
}
