// `forEach` is synchronous, and each call puts back what it took.
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  let budget = Budget.create(mint, { usd: 5 });
  ['plan', 'draft'].forEach(() => {
    const rest = budget.spend({ usd: 1 });
    budget = rest;
  });
  budget.close();
}
