// A name is bound to one of two fresh handles.
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint, isBig = true): void {
  const budget = isBig ? Budget.create(mint, { usd: 9 }) : Budget.create(mint, { usd: 1 });
  budget.close();
}
