// A function declaration inside moves what it captures, and is called twice.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { finish } from '../../agents.ts';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  end();
  end(); // ! no-use-after-move

  function end(): void {
    finish(budget);
  }
}
