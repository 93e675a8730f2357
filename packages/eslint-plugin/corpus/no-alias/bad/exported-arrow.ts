// An exported arrow function uses up a budget of the module.
import { Budget, BudgetMint } from 'hardcap';

const shared = Budget.create(BudgetMint.take(), { usd: 2 });

export const stop = (): void => {
  shared.close(); // ! no-alias
};
