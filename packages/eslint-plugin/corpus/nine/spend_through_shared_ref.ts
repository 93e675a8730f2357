// Rust: a move out of a borrow, E0507. A function that was lent a view spends the budget.
// runtime: throws
import { Budget, type BudgetMint, type BudgetView } from 'hardcap';
import { runAgent } from '../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 2 });
  const taken = take(budget);
  const rest = budget.spend({ usd: 1 });
  await runAgent(taken, 'with what was taken');
  await runAgent(rest, 'with the rest');
}

function take(view: BudgetView): Budget {
  // @ts-expect-error A view has no `spend`.
  const rest: Budget = view.spend({ usd: 1 }); // ! tsc
  rest.close();
  return (view as Budget).spend({ usd: 1 }); // ! no-alias
}
