// Of the two parts of a split one is ended and then merged back.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { finish } from '../../agents.ts';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  const [part, rest] = budget.split({ usd: 2 });
  finish(part);
  const whole = rest.merge(part); // ! no-use-after-move
  whole.close();
}
