// `map` makes the same budget the first of many.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  const parts = [1, 2].map((usd) => {
    const [part, rest] = budget.split({ usd }); // ! no-fan-out
    rest.close();
    return part;
  });
  for (const part of parts) part.close();
}
