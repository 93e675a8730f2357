// One closure takes the budget along, nobody else has it.
import { Budget, type BudgetMint } from 'hardcap';

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  const end = () => budget.close();
  end();
}
