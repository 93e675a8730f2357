// Rust: use of a moved value, E0382. Two closures capture one handle, and both run.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent } from '../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 2 });
  const pay = () => budget.spend({ usd: 1 });
  const payAgain = () => budget.spend({ usd: 1 }); // ! no-alias
  const rests = [pay(), payAgain()];
  for (const rest of rests) await runAgent(rest, 'with a rest');
}
