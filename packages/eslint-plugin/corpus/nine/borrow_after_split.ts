// Rust: moved while borrowed, E0505. A view is used after its budget was split.
// runtime: throws
import { Budget, type BudgetMint, type BudgetView } from 'hardcap';
import { callModel } from '../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 2 });
  const view: BudgetView = budget;
  const [part, rest] = budget.split({ usd: 1 });
  if (view.canSpend({ usd: 2 })) await callModel('with the whole'); // ! no-use-after-move
  part.close();
  rest.close();
}
