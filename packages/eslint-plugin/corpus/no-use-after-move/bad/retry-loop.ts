// A retry starts the agent again with the budget that the failed attempt has had.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<string> {
  const budget = Budget.create(mint, { usd: 5 });
  for (let attempt = 0; ; attempt++) {
    try {
      return parsed(await runAgent(budget, 'draft')); // ! no-use-after-move
    } catch (error) {
      if (attempt === 2) throw error;
    }
  }
}

function parsed(text: string): string {
  if (!text.startsWith('{')) throw new SyntaxError('not JSON');
  return text;
}
