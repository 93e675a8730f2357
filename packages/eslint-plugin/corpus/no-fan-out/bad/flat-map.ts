// `flatMap` with both parts of a split, for each share.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  const parts = [1, 2].flatMap((usd) => budget.split({ usd })); // ! no-fan-out
  for (const part of parts) part.close();
}
