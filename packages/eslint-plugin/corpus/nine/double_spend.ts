// Rust: use of a moved value, E0382. One handle is spent twice.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { callModel } from '../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 1 });
  const first = budget.spend({ usd: 1 });
  const second = budget.spend({ usd: 1 }); // ! no-use-after-move
  await callModel('first');
  await callModel('second');
  first.close();
  second.close();
}
