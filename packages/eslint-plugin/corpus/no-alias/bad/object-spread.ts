// A spread copies the figures of a budget, and looks like a copy of it.
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): string {
  const budget = Budget.create(mint, { usd: 5 });
  const copy = { ...budget }; // ! no-alias
  budget.close();
  return JSON.stringify(copy);
}
