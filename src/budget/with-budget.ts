import { Budget } from './budget.ts';
import type { BudgetAmounts } from './budget-amounts.ts';
import type { BudgetMint } from './mint.ts';

declare const once: unique symbol;

/** Says in a parameter's type that a callback is called at most once, so it may move a budget. */
export type Once<F> = F & { readonly [once]?: true };

/**
 * Runs `work` with a budget of its own and closes it afterwards: what is left returns to the mint.
 *
 * The budget's scope is a type that only `work` knows, so merging a foreign budget, or letting this
 * one out, does not compile.
 */
export function withBudget<R>(
  mint: BudgetMint,
  amounts: BudgetAmounts,
  work: <S>(budget: Budget<S>) => R,
): R {
  const root = Budget.create(mint, amounts, 'scope');
  const [budget, rest] = root.delegate(amounts, 'scope');
  const close = () => {
    if (rest.isLive) rest.close();
  };
  let result: R;
  try {
    result = work(budget);
  } catch (error) {
    close();
    throw error;
  }
  if (result instanceof Promise) return result.finally(close) as R;
  close();
  return result;
}
