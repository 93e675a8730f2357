// `Object.assign` types its result as a budget.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  const copy = Object.assign({}, budget); // ! no-alias
  try {
    copy.spend({ usd: 1 });
  } finally {
    budget.close();
  }
}
