// Rust: use of a moved value, E0382. The whole is spent after it was split.
// runtime: throws
import { Budget, type BudgetMint } from 'hardcap';
import { callModel, runAgent } from '../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 2 });
  const [part, rest] = budget.split({ usd: 1 });
  const late = budget.spend({ usd: 2 }); // ! no-use-after-move
  await callModel('with the whole');
  await runAgent(part, 'with the part');
  await runAgent(rest, 'with the rest');
  late.close();
}
