// A literal that is returned at once hands the budget on with the answer.
import { Budget, type BudgetMint } from 'hardcap';
import { callModel } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<string> {
  const { budget, answer } = await work(Budget.create(mint, { usd: 5 }));
  budget.close();
  return answer;
}

async function work(budget: Budget): Promise<{ budget: Budget; answer: string }> {
  const rest = budget.spend({ usd: 1 });
  const answer = await callModel('draft');
  return { budget: rest, answer };
}
