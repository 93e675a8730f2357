// A view bound to a name is looked at after its budget was handed on.
// runtime: throws
import { Budget, type BudgetMint, type BudgetView } from 'hardcap';
import { finish, show } from '../../agents.ts';

export function run(mint: BudgetMint): string {
  const budget = Budget.create(mint, { usd: 5 });
  const view: BudgetView = budget;
  finish(budget);
  return show(view); // ! no-use-after-move
}
