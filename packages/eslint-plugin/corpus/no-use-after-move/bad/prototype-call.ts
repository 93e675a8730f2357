// The method is borrowed from the prototype.
// hard: `call` hides the receiver.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  const rest: Budget = Budget.prototype.spend.call(budget, { usd: 1 });
  rest.close();
  Budget.prototype.close.call(budget); // ! no-use-after-move
}
