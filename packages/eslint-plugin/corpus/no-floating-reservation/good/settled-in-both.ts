// The hold is settled with its bill, or at its whole where there is none.
import { Budget, type BudgetMint } from 'hardcap';
import { callModel } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const [rest, hold] = Budget.create(mint, { usd: 2 }).reserve({ usd: 1 });
  const answer = await callModel('x').catch(() => undefined);
  if (answer === undefined) hold.settle({ usd: 1 });
  else hold.settle({ usd: answer.length / 1_000 });
  rest.close();
}
