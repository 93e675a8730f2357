// A function that others can call uses up a budget of the module, and stays callable.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';

let shared: Budget | undefined;

export function run(mint: BudgetMint): void {
  shared = Budget.create(mint, { usd: 2 });
  for (let turn = 0; turn < 2; turn++) pay();
}

export function pay(): void {
  shared?.spend({ usd: 1 }).close(); // ! no-alias
}
