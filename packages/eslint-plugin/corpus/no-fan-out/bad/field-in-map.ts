// Each turn of `map` spends from the budget in a field.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  new Payer(mint).pay();
}

class Payer {
  #budget: Budget | undefined;
  constructor(mint: BudgetMint) {
    this.#budget = Budget.create(mint, { usd: 2 });
  }

  pay(): void {
    for (const rest of [1, 1].map((usd) => this.#budget?.spend({ usd }))) rest?.close(); // ! no-fan-out
  }
}
