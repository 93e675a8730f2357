// What a method of a `using` budget gives back may be returned: the handle itself is used up.
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const rest = made(mint);
  rest.close();
}

function made(mint: BudgetMint): Budget {
  using budget = Budget.create(mint, { usd: 2 });
  budget.charge({ usd: 0.5 });
  return budget.spend({ usd: 0.5 });
}
