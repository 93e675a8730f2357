// Figures that were read before the move are plain numbers.
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): string {
  const budget = Budget.create(mint, { usd: 5 });
  const { name, remaining } = budget;
  budget.close();
  return `${name} had ${remaining.usd}`;
}
