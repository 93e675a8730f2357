// A function that others can call spends from a budget of the module and puts back what is left.
import { Budget, type BudgetMint } from 'hardcap';

let shared: Budget | undefined;

export function run(mint: BudgetMint): void {
  shared = Budget.create(mint, { usd: 2 });
  pay(1);
  pay(1);
  stop();
}

export function pay(usd: number): void {
  shared = shared?.spend({ usd });
}

export function stop(): void {
  const last = shared;
  shared = undefined;
  last?.close();
}
