// Only the part of a split is bound; the rest is lost.
// runtime: audit
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  const [part] = budget.split({ usd: 2 }); // ! no-leaked-budget
  part.close();
}
