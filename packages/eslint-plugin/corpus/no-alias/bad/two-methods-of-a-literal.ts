// An object literal with two methods that both capture the handle.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  const account = {
    pay: () => budget.spend({ usd: 1 }).close(),
    end: () => budget.close(), // ! no-alias
  };
  account.pay();
  account.end();
}
