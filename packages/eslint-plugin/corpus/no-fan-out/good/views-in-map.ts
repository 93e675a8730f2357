// Many callbacks look at one budget.
import { Budget, type BudgetMint } from 'hardcap';
import { show } from '../../agents.ts';

export function run(mint: BudgetMint): string {
  const budget = Budget.create(mint, { usd: 5 });
  const lines = ['plan', 'draft'].map((task) => `${task}: ${show(budget)}`);
  const isEnough = [1, 2].every((usd) => budget.canSpend({ usd }));
  budget.close();
  return `${lines.join()} ${isEnough}`;
}
