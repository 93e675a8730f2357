// A script without a function loses the share of each turn.
import { Budget, BudgetMint } from 'hardcap';

const budget = Budget.create(BudgetMint.take(), { usd: 2 });
for (const task of ['plan', 'draft']) {
  const share = budget.carve({ usd: 1 }, task); // ! no-leaked-budget
  if (task === 'plan') share.close();
}
budget.close();
