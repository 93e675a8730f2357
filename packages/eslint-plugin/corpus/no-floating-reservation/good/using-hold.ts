// A hold that goes out of scope unended is closed as spent.
import { Budget, type BudgetMint } from 'hardcap';
import { callModel } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 5 });
  const [rest, first] = budget.reserve({ usd: 2 });
  {
    using hold = first;
    await callModel('draft');
    hold.settle({ usd: 1 });
  }
  rest.close();
}
