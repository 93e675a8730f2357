// Of a list of shares only the first is used.
// hard: elements of a container are not counted.
// runtime: audit
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  const shares = [1, 2].map((usd) => budget.carve({ usd })); // ! no-leaked-budget
  shares[0]?.close();
  budget.close();
}
