// The agent gives back what is left, and nobody takes it.
// runtime: audit
import { Budget, type BudgetMint } from 'hardcap';
import { step } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  await step(Budget.create(mint, { usd: 5 }), 'draft'); // ! no-leaked-budget
}
