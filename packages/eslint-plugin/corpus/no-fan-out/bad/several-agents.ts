// A list of agents is built around one handle.
// runtime: throws
import { Budget, type BudgetMint, Slot } from 'hardcap';

class Agent {
  readonly #slot: Slot;

  constructor(budget: Budget) {
    this.#slot = new Slot(budget);
  }

  end(): void {
    this.#slot.take().close();
  }
}

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  const agents = [new Agent(budget), new Agent(budget)]; // ! no-fan-out
  for (const agent of agents) agent.end();
}
