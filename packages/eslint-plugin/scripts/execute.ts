/** Runs a program of the corpus and says how the runtime met what it does. */

import { BudgetMint } from '../../../src/budget/mint.ts';
import { wire } from '../corpus/agents.ts';

/** What a run came to; `audit`: it ended as if all were well, and money is missing at the mint. */
export type Outcome = 'throws' | 'audit' | 'silent';

/** A program's outcome, and what it did on the way. */
export interface Execution {
  readonly outcome: Outcome;
  /** What it threw, `undefined` for nothing. */
  readonly error: unknown;
  /** Requests that left. */
  readonly sent: number;
}

/** What a program that can be run exports. */
export type Run = (mint: BudgetMint) => unknown;

/** Runs with a mint of its own and waits for whatever the program started. */
export async function execute(run: Run): Promise<Execution> {
  const mint = BudgetMint.ofGuard();
  const before = wire.sent;
  let error: unknown;
  try {
    await run(mint);
  } catch (thrown) {
    error = thrown;
  }
  await new Promise((resolve) => setTimeout(resolve, 5));
  const isMissing = (mint.audit().outstanding.usd ?? 0) > 0;
  const quiet = isMissing ? 'audit' : 'silent';
  const outcome = error === undefined ? quiet : 'throws';
  return { outcome, error, sent: wire.sent - before };
}
