// Rust: a private constructor, E0624. Money is made without the mint of the process.
// runtime: throws
import { Budget, BudgetMint } from 'hardcap';
import { runAgent } from '../agents.ts';

export async function run(_mint: BudgetMint): Promise<void> {
  // @ts-expect-error The constructor of a mint is private.
  const forged = new BudgetMint(Symbol('key'), 'me'); // ! tsc
  await runAgent(Budget.create(forged, { usd: 1_000 }), 'with forged money');
}
