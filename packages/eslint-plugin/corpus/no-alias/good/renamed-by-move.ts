// Each name is for the next handle.
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const fresh = Budget.create(mint, { usd: 5 });
  const afterPlan = fresh.spend({ usd: 1 });
  const afterDraft = afterPlan.spend({ usd: 1 });
  afterDraft.close();
}
