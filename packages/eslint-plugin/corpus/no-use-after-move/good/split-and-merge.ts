// Two parts go their ways and come together again.
import { Budget, type BudgetMint } from 'hardcap';
import { step } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 5 });
  const [part, rest] = budget.split({ usd: 2 });
  const [left, right] = [await step(part, 'plan'), await step(rest, 'draft')];
  left.merge(right).close();
}
