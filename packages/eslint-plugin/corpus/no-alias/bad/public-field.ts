// A field that others assign.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

class Agent {
  budget: Budget | undefined;
}

export function run(mint: BudgetMint): void {
  const agent = new Agent();
  const budget = Budget.create(mint, { usd: 5 });
  agent.budget = budget; // ! no-alias
  budget.close();
  agent.budget.close();
}
