// An arrow function in a field uses up a budget that stays in its own field.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const agent = new Agent(mint);
  agent.pay();
  agent.pay();
}

class Agent {
  readonly mint: BudgetMint;
  budget: Budget | undefined;
  constructor(mint: BudgetMint) {
    this.mint = mint;
    this.budget = Budget.create(mint, { usd: 2 });
  }

  readonly pay = (): void => {
    this.budget?.spend({ usd: 1 }).close(); // ! no-alias
  };
}
