// Two agents at once with the two parts of a split.
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 5 });
  const [part, rest] = budget.split({ usd: 2 });
  await Promise.all([runAgent(part, 'plan'), runAgent(rest, 'draft')]);
}
