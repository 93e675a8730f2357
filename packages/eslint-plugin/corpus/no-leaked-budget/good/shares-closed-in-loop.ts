// Every turn closes its share.
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  for (const usd of [1, 2]) {
    const share = budget.carve({ usd });
    share.charge({ usd: 0.5 });
    share.close();
  }
  budget.close();
}
