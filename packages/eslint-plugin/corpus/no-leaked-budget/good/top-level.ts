// A script without a function: its loops and blocks end what they make.
import { Budget, BudgetMint } from 'hardcap';

const budget = Budget.create(BudgetMint.take(), { usd: 2 });
for (const task of ['plan', 'draft']) {
  const share = budget.carve({ usd: 1 }, task);
  try {
    share.charge({ usd: 0.5 });
  } finally {
    share.close();
  }
}
budget.close();
