// The hold is settled only where nothing throws; the rest is closed everywhere.
// runtime: audit
import { Budget, type BudgetMint } from 'hardcap';
import { callModel } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const [rest, hold] = Budget.create(mint, { usd: 2 }).reserve({ usd: 1 }); // ! no-floating-reservation
  try {
    const answer = await callModel('x');
    if (answer === '') hold.settle({ usd: 0.5 });
  } finally {
    rest.close();
  }
}
