// `finally` closes one of the two parts.
// runtime: audit
import { Budget, type BudgetMint } from 'hardcap';
import { callModel } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const [part, rest] = Budget.create(mint, { usd: 5 }).split({ usd: 2 }); // ! no-leaked-budget
  try {
    await callModel('draft');
    part.charge({ usd: 1 });
  } finally {
    rest.close();
  }
}
