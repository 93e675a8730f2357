// Each worker takes a share off the list.
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  const budget = Budget.create(mint, { usd: 5 });
  const shares = [1, 2].map((usd) => budget.carve({ usd }));
  const jobs: Promise<string>[] = [];
  for (let share = shares.pop(); share !== undefined; share = shares.pop()) {
    jobs.push(runAgent(share, 'work'));
  }
  await Promise.all(jobs);
  budget.close();
}
