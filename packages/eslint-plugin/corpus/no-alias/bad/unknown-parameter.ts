// A parameter of type `unknown` keeps the handle, and casts it back.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { finish } from '../../agents.ts';

const kept: unknown[] = [];

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  keep(budget); // ! no-alias
  finish(budget);
  finish(kept.pop() as Budget);
}

function keep(value: unknown): void {
  kept.push(value);
}
