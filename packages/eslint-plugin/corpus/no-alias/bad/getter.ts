// A getter hands the handle out to whoever asks.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { finish } from '../../agents.ts';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  const job = {
    get budget() {
      return budget; // ! no-alias
    },
  };
  finish(job.budget);
  finish(job.budget);
}
