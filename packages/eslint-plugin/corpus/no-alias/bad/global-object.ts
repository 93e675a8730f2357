// The handle is put where everything can reach it.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { finish } from '../../agents.ts';

declare global {
  var agentBudget: Budget | undefined;
}

export function run(mint: BudgetMint): void {
  const budget = Budget.create(mint, { usd: 5 });
  globalThis.agentBudget = budget; // ! no-alias
  finish(budget);
  globalThis.agentBudget.close();
}
