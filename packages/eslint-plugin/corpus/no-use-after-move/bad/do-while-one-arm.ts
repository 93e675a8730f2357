// One arm of the loop keeps the budget going, the other ends it and the loop goes on.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { finish } from '../../agents.ts';

export function run(mint: BudgetMint): void {
  let budget = Budget.create(mint, { usd: 5 });
  let turn = 0;
  do {
    if (turn === 1) finish(budget); // ! no-use-after-move
    else budget = budget.spend({ usd: 1 }); // ! no-use-after-move
    turn += 1;
  } while (turn < 3);
  budget.close(); // ! no-use-after-move
}
