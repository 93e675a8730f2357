// The default of a destructured option is a handle that is used elsewhere too.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint, options: { readonly own?: Budget } = {}): void {
  const budget = Budget.create(mint, { usd: 5 });
  const { own = budget } = options; // ! no-alias
  own.close();
  budget.close();
}
