// A budget out of a destructured parameter is used after it was ended.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { finish, show } from '../../agents.ts';

interface Job {
  readonly budget: Budget;
  readonly task: string;
}

export function run(mint: BudgetMint): string {
  return work({ budget: Budget.create(mint, { usd: 5 }), task: 'draft' });
}

function work({ budget, task }: Job): string {
  finish(budget);
  return `${task}: ${show(budget)}`; // ! no-use-after-move
}
