// Rust: `budget.clone()`, E0599. A copy of the handle that would spend the same money again.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent } from '../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 1 });
  const copy = Object.assign(Object.create(Budget.prototype), budget) as Budget; // ! no-alias
  await runAgent(copy, 'with the copy');
  await runAgent(budget, 'with the handle');
}
