// The part has a name, and that is all.
// runtime: audit
import { Budget, type BudgetMint } from 'hardcap';
import { show } from '../../agents.ts';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  const [part, rest] = budget.split({ usd: 2 }); // ! no-leaked-budget
  console.log(show(part));
  rest.close();
}
