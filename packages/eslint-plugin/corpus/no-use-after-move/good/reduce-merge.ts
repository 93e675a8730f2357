// Parts are merged pair by pair; each is used once.
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 6 });
  const parts = [1, 2].map((usd) => budget.carve({ usd }));
  const whole = parts.reduce((sum, part) => sum.merge(part), budget);
  whole.close();
}
