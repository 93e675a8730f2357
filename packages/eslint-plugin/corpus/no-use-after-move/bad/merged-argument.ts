// The budget that was merged into another is closed once more.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const left = Budget.create(mint, { usd: 5 });
  const right = Budget.create(mint, { usd: 3 });
  const both = left.merge(right);
  right.close(); // ! no-use-after-move
  both.close();
}
