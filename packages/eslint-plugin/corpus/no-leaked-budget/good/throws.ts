// The path that throws is no normal end of the function.
import { Budget, type BudgetMint } from 'hardcap';
import { show } from '../../agents.ts';

export function run(mint: BudgetMint, isBroken = false): void {
  const budget = Budget.create(mint, { usd: 5 });
  if (isBroken) throw new Error(`broken with ${show(budget)}`);
  budget.close();
}
