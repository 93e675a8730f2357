// A timeout runs its callback once.
import { Budget, type BudgetMint } from 'hardcap';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 5 });
  await new Promise<void>((resolve) => {
    setTimeout(() => {
      budget.close();
      resolve();
    }, 1);
  });
}
