// A static field is a global by another name.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

class Registry {
  static current: Budget | undefined;
}

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  Registry.current = budget; // ! no-alias
  Registry.current.close();
  Registry.current.close();
}
