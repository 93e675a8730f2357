// The answer does not parse, and the catch closes a budget that the agent has had.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<unknown> {
  const budget = Budget.create(mint, { usd: 5 });
  try {
    const answer = await runAgent(budget, 'draft');
    return JSON.parse(answer);
  } catch {
    budget.close(); // ! no-use-after-move
    return undefined;
  }
}
