// A closure takes the budget along; the function goes on using it.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { finish } from '../../agents.ts';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  const end = () => finish(budget);
  end();
  console.log(budget.remaining); // ! no-use-after-move
}
