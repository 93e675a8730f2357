// A list of shares is the caller's.
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  for (const share of shares(Budget.create(mint, { usd: 5 }), 2)) share.close();
}

function shares(budget: Budget, count: number): readonly Budget[] {
  const list: Budget[] = [];
  for (let at = 1; at < count; at++) list.push(budget.carve({ usd: 1 }));
  return [...list, budget];
}
