// Each level takes the budget over and returns what is left.
import { Budget, type BudgetMint } from 'hardcap';
import { step } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const rest = await descend(Budget.create(mint, { usd: 5 }), 3);
  rest.close();
}

async function descend(budget: Budget, depth: number): Promise<Budget> {
  if (depth === 0) return budget;
  return descend(await step(budget, `level ${depth}`), depth - 1);
}
