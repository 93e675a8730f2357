// A function returns the rest and an answer.
import { Budget, type BudgetMint } from 'hardcap';
import { callModel } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<string> {
  const [rest, answer] = await work(Budget.create(mint, { usd: 5 }));
  rest.close();
  return answer;
}

async function work(budget: Budget): Promise<[rest: Budget, answer: string]> {
  const rest = budget.spend({ usd: 1 });
  return [rest, await callModel('draft')];
}
