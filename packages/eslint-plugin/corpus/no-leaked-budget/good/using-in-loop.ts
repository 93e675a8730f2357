// A share of each turn is closed at its end, also by `continue`.
import { Budget, type BudgetMint } from 'hardcap';
import { ask } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  using budget = Budget.create(mint, { usd: 2 });
  for (const task of ['', 'plan']) {
    using share = budget.carve({ usd: 1 }, task);
    if (task === '') continue;
    await ask(share, task);
  }
}
