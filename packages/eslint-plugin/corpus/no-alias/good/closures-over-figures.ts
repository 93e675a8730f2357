// Two closures capture a number, not the budget.
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): string {
  const budget = Budget.create(mint, { usd: 5 });
  const left = budget.remaining.usd ?? 0;
  const short = () => `${left}`;
  const long = () => `${left} dollars left`;
  budget.close();
  return short() + long();
}
