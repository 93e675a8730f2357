// A field holds a slot, and the slot the budget.
import { Budget, type BudgetMint, Slot } from 'hardcap';

class Agent {
  readonly #slot: Slot;

  constructor(budget: Budget) {
    this.#slot = new Slot(budget);
  }

  work(): void {
    this.#slot.update((budget) => budget.spend({ usd: 1 }));
  }

  end(): void {
    this.#slot.take().close();
  }
}

export function run(mint: BudgetMint): void {
  const agent = new Agent(Budget.create(mint, { usd: 5 }));
  agent.work();
  agent.work();
  agent.end();
}
