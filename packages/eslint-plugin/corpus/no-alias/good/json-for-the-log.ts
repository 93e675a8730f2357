// `JSON.stringify` reads the figures of a live budget.
// hard: its parameter is of type `any`, and nothing keeps what it gets.
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): string {
  const budget = Budget.create(mint, { usd: 5 });
  const line = JSON.stringify(budget);
  budget.close();
  return line;
}
