// A generator yields the budget and then ends it.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { finish } from '../../agents.ts';

export function run(mint: BudgetMint): void {
  for (const budget of lend(Budget.create(mint, { usd: 5 }))) finish(budget);
}

function* lend(budget: Budget): Generator<Budget> {
  yield budget;
  budget.close(); // ! no-use-after-move
}
