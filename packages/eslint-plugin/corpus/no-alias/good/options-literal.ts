// A literal that is an argument hands the budget to the parameter's type.
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent } from '../../agents.ts';

interface Job {
  readonly budget: Budget;
  readonly task: string;
}

export async function run(mint: BudgetMint): Promise<string> {
  const budget = Budget.create(mint, { usd: 5 });
  return start({ budget, task: 'draft' });
}

async function start({ budget, task }: Job): Promise<string> {
  return runAgent(budget, task);
}
