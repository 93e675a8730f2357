// The catch ends the hold at its bound and throws on.
import { Budget, type BudgetMint } from 'hardcap';
import { callModel } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 5 });
  const [rest, hold] = budget.reserve({ usd: 2 });
  let answer: string;
  try {
    answer = await callModel('draft');
  } catch (error) {
    hold.settle({ usd: 2 });
    rest.close();
    throw error;
  }
  hold.settle({ usd: answer.length / 100 });
  rest.close();
}
