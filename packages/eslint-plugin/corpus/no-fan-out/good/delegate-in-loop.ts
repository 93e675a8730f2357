// Children with a ceiling each on a shared pool.
import { Budget, type BudgetMint } from 'hardcap';
import { runAgent } from '../../agents.ts';

export async function run(mint: BudgetMint): Promise<void> {
  let pool = Budget.create(mint, { usd: 5 });
  const jobs: Promise<string>[] = [];
  for (const task of ['plan', 'draft']) {
    const [child, rest] = pool.delegate({ usd: 2 }, task);
    pool = rest;
    jobs.push(runAgent(child, task));
  }
  await Promise.all(jobs);
  pool.close();
}
