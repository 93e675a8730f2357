// The turn that moves the budget is the last one.
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  work(Budget.create(mint, { usd: 5 }), ['plan', 'stop', 'draft']);
}

function work(budget: Budget, tasks: readonly string[]): void {
  for (const task of tasks) {
    if (task === 'stop') break;
    budget.charge({ usd: 1 });
  }
  budget.close();
}
