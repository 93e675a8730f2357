// A static block runs once, but not twice on one handle.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { show } from '../../agents.ts';

export function run(mint: BudgetMint): unknown {
  const budget = Budget.create(mint, { usd: 5 });
  return class Report {
    static readonly left = budget.close();
    static {
      console.log(show(budget)); // ! no-use-after-move
    }
  };
}
