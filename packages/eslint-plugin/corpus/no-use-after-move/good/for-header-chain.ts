// The header of a `for` carries the budget from turn to turn.
import { Budget, type BudgetMint } from 'hardcap';
import { callModel } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  let left = Budget.create(mint, { usd: 2 });
  for (; left.canSpend({ usd: 1 }); left = left.spend({ usd: 1 })) await callModel('a page');
  left.close();
}
