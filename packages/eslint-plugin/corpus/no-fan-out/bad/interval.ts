// A timer comes back, and its budget does not.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 5 });
  await new Promise<void>((resolve, reject) => {
    const timer = setInterval(() => {
      try {
        budget.spend({ usd: 1 }).close(); // ! no-fan-out
      } catch (error) {
        clearInterval(timer);
        reject(error);
      }
    }, 1);
  });
}
