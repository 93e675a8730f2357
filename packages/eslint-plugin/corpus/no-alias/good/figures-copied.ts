// Figures are no authority: they may be copied at will.
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): string {
  const budget = Budget.create(mint, { usd: 5 });
  const { remaining, spent } = budget;
  const report = { ...remaining, before: remaining, spent, list: [remaining] };
  budget.close();
  return JSON.stringify(report);
}
