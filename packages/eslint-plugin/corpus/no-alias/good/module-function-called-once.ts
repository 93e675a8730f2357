// A function of the module that nobody else can call uses a budget up, and is called once.
import { Budget, type BudgetMint } from 'hardcap';

let shared: Budget | undefined;

export function run(mint: BudgetMint): void {
  shared = Budget.create(mint, { usd: 2 });
  show();
  stop();
}

export function show(): void {
  console.log(shared?.remaining);
}

function stop(): void {
  shared?.close();
}
