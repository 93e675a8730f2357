// A closure that only looks at the budget runs after the budget was handed on.
// hard: the closure borrows; that it runs after the move needs lifetimes.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { finish, show } from '../../agents.ts';

export function run(mint: BudgetMint): string {
  const budget = Budget.create(mint, { usd: 5 });
  const describe = () => show(budget);
  finish(budget);
  return describe(); // ! no-use-after-move
}
