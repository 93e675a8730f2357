// A module variable is filled with `??=`.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

let shared: Budget | undefined;

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  shared ??= budget; // ! no-alias
  budget.close();
  shared.close();
}
