// A class keeps the handle in a field; every method can move it.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

class Agent {
  readonly #budget: Budget;

  constructor(budget: Budget) {
    this.#budget = budget; // ! no-alias
  }

  work(): void {
    this.#budget.spend({ usd: 1 }).close();
  }
}

export function run(mint: BudgetMint): void {
  const agent = new Agent(Budget.create(mint, { usd: 5 }));
  agent.work();
  agent.work();
}
