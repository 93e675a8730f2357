// A resolved promise of a handle gives it out at each `await`.
// hard: what is awaited is a container, and the second `await` its alias.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

export async function run(mint: BudgetMint): Promise<void> {
  const later = Promise.resolve(Budget.create(mint, { usd: 5 }));
  const first = await later;
  const second = await later; // ! no-alias
  first.close();
  second.close();
}
