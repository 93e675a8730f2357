// The handle is pushed on a list and used afterwards.
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const open: Budget[] = [];
  const budget = Budget.create(mint, { usd: 5 });
  open.push(budget); // ! no-alias
  budget.charge({ usd: 1 });
  for (const one of open) one.close();
}
