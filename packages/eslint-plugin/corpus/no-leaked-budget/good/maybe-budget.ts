// There may be none; if there is one, it is closed.
import { Budget, type BudgetMint } from 'hardcap';
import { show } from '../../agents.ts';

export function run(mint: BudgetMint, isPaid = true): void {
  const budget = isPaid ? Budget.create(mint, { usd: 5 }) : undefined;
  console.log(budget === undefined ? 'free' : show(budget));
  budget?.close();
}
