// The budget is ended only where somebody listens.
// runtime: audit
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint, onEnd?: (rest: Budget) => void): void {
  const budget = Budget.create(mint, { usd: 5 }); // ! no-leaked-budget
  onEnd?.(budget);
}
