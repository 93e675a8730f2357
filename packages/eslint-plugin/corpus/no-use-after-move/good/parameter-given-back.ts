// A generic function takes the handle and gives it back; the variable is bound anew.
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  let budget = Budget.create(mint, { usd: 5 });
  budget = logged(budget);
  budget = logged(budget);
  budget.close();
}

function logged<T extends { readonly name: string }>(value: T): T {
  console.log(value.name);
  return value;
}
