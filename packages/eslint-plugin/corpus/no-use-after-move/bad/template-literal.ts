// The log line names a budget that was ended.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): string {
  const budget = Budget.create(mint, { usd: 5 });
  const left = budget.close();
  return `${budget.name} returned ${left.usd}`; // ! no-use-after-move
}
