// The race by hand: every child asks, every child may, every child spends.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { callModel } from '../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 0.6 });
  const child = async (task: string) => {
    if (!budget.canSpend({ usd: 0.5 })) return;
    await Promise.resolve();
    const rest = budget.spend({ usd: 0.5 });
    await callModel(task);
    rest.close();
  };
  await Promise.all([child('routes'), child('prices'), child('customs')]); // ! no-fan-out
}
