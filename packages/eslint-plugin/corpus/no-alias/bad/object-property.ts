// The handle is kept in an object and used by its own name as well.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { finish } from '../../agents.ts';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  const job = { task: 'draft', budget }; // ! no-alias
  finish(job.budget);
  budget.close();
}
