// A list whose budgets were closed is counted and emptied.
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 2 });
  const shares = [budget.carve({ usd: 1 }), budget.carve({ usd: 1 })];
  for (const share of shares) share.close();
  console.log(shares.length);
  shares.length = 0;
  budget.close();
}
