// A closure that moves the budget is itself good for one call.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { finish } from '../../agents.ts';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  const end = () => finish(budget);
  end();
  end(); // ! no-use-after-move
}
