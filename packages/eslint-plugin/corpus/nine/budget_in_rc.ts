// Rust: `Rc` is not `Send`, E0277. One handle in an object that two agents share.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent } from '../agents.ts';

interface Shared {
  readonly budget: Budget;
}

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 2 });
  const shared: Shared = { budget }; // ! no-alias
  const rests = [pay(shared), pay(shared)];
  for (const rest of rests) await runAgent(rest, 'with a rest');
}

function pay(shared: Shared): Budget {
  return shared.budget.spend({ usd: 1 });
}
