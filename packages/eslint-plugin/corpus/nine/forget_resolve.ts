// Rust: the receipt must be resolved, E0308. A hold is neither settled nor released.
// runtime: audit
import { Budget, type BudgetMint } from 'hardcap';
import { callModel } from '../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 2 });
  const [rest, hold] = budget.reserve({ usd: 1 }); // ! no-floating-reservation
  await callModel(`with ${hold.amounts.usd} held`);
  rest.close();
}
