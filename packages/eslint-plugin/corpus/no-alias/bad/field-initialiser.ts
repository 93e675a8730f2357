// A field initialiser keeps the handle that it captures.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  class Agent {
    readonly own = budget; // ! no-alias
  }
  new Agent().own.close();
  new Agent().own.close();
}
