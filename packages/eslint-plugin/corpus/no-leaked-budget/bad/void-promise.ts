// `void` drops the promise of what is left.
// runtime: audit
import { Budget, type BudgetMint } from 'hardcap';
import { callModel, step } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 5 });
  void step(budget, 'draft'); // ! no-leaked-budget
  await callModel('other');
}
