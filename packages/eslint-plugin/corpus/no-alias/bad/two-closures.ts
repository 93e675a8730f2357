// Two closures carry one handle.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { finish } from '../../agents.ts';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  const succeed = () => budget.spend({ usd: 1 }).close();
  const fail = () => finish(budget); // ! no-alias
  succeed();
  fail();
}
