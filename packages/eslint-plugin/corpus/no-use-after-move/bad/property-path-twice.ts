// A budget is moved out of a property of a parameter, twice.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

interface Job {
  readonly budget: Budget;
}

export function run(mint: BudgetMint): void {
  work({ budget: Budget.create(mint, { usd: 5 }) });
}

function work(job: Job): void {
  const rest = job.budget.spend({ usd: 1 });
  rest.close();
  job.budget.close(); // ! no-use-after-move
}
