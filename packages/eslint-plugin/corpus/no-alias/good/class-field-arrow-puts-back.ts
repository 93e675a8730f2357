// An arrow function in a field puts back what is left, where there is something.
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  class Agent {
    budget: Budget | undefined = Budget.create(mint, { usd: 2 });

    readonly pay = (usd: number): void => {
      this.budget = this.budget?.spend({ usd });
    };

    readonly end = (): void => {
      const budget = this.budget;
      this.budget = undefined;
      budget?.close();
    };
  }
  const agent = new Agent();
  agent.pay(1);
  agent.pay(1);
  agent.end();
}
