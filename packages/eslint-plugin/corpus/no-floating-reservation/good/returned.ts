// The caller gets the hold and ends it.
import { Budget, type BudgetHold, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const [rest, hold] = held(Budget.create(mint, { usd: 5 }));
  hold.release('nothing was sent');
  rest.close();
}

function held(budget: Budget): [Budget, BudgetHold] {
  return budget.reserve({ usd: 2 });
}
