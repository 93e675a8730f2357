// An async generator hands its budget over in each turn.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  for await (const answer of answers(Budget.create(mint, { usd: 2 }))) console.log(answer);
}

async function* answers(budget: Budget): AsyncGenerator<string> {
  for (const task of ['plan', 'draft']) {
    yield await runAgent(budget, task); // ! no-use-after-move
  }
}
