/**
 * A receiver in a process of its own. Says when it is ready, redeems when it is told to, spends
 * what it got, and says what came of it.
 */

import Anthropic from '@anthropic-ai/sdk';
import { BudgetGuard, HardcapError, wrapAnthropic, type Budget } from '../../src/index.ts';
import { redeemGrant } from '../../src/guard/grants/grants.ts';
import { openPlace } from './grant-places.ts';
import type { Receiving, Received } from './grant-processes.ts';

const task = JSON.parse(process.argv[2] ?? '{}') as Receiving;
const { ledger, end } = await openPlace(task.place);
const settle: typeof ledger.settle = (order) => {
  if (task.diesRedeeming === true) process.kill(process.pid, 'SIGKILL');
  return ledger.settle(order);
};
const guard = new BudgetGuard(task.config, { ledger: { ...ledger, settle } });
const options = { apiKey: 'x', baseURL: task.url, maxRetries: 0 };
const client = wrapAnthropic(new Anthropic(options), guard);
let bound = 0;
let refusedBy: string | undefined;
guard.on('reserved', ({ held_nano_usd: held }) => {
  bound = held;
  tell('held');
});

process.once('message', () => void work());
tell('ready');

async function work(): Promise<void> {
  const results = await Promise.allSettled(
    Array.from({ length: task.redeemers }, () => redeemGrant(guard, task.token, task.accepting)),
  );
  const redeemed = results.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const codes = results.flatMap((one) => (one.status === 'rejected' ? [codeOf(one.reason)] : []));
  for (const budget of redeemed) await spend(budget);
  // Figures first: closing gives back what is left.
  const spentUsd = redeemed.reduce((sum, { spent }) => sum + (spent.usd ?? 0), 0);
  await guard.close();
  await end();
  const said: Received = { redeemed: redeemed.length, codes, spentUsd, bound, refusedBy };
  tell('done', said);
  process.disconnect();
}

async function spend(budget: Budget): Promise<void> {
  for (let calls = 0; calls < task.calls; calls += 1) {
    try {
      await guard.run({ budget }, () => client.messages.create(task.call));
    } catch (error) {
      if (!(error instanceof HardcapError)) throw error;
      refusedBy = String(Reflect.get(error, 'scope') ?? error.code);
      return;
    }
  }
}

function codeOf(reason: unknown): string {
  return reason instanceof HardcapError ? reason.code : String(reason);
}

function tell(kind: string, said: object = {}): void {
  process.send?.({ kind, ...said });
}
