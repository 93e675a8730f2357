/** Runs in a child process: takes a task, says when it is ready, does it when told to. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Amounts } from '../../src/ledger/account.ts';
import type { SharedLedger } from '../../src/ledger/shared-ledger.ts';
import { Speaker, identityOf, sums } from '../../src/stores/conformance/lease-orders.ts';
import { NOON, amountsOf } from '../../src/stores/conformance/orders.ts';
import { randomFrom } from '../../src/stores/conformance/random-cases.ts';
import { openStoreAt, type OpenStore } from './subjects.ts';
import { openLedgerOver } from './ledgers.ts';
import type { Task, TaskResult } from './tasks.ts';

/** A machine that is busy with other tests is slow, and not out of reach. */
const MESSAGE_MS_MAX = 20_000;

/** Opens what the task needs; what is returned does it. */
async function prepare(task: Task, { store }: OpenStore): Promise<() => Promise<TaskResult>> {
  if (task.kind === 'ask') {
    const names = Array.from({ length: task.holders }, (_, index) => `${task.name}-${index}`);
    for (const name of names) await store.open(identityOf(name));
    return async () => {
      const granted = await Promise.all(
        names.map(async (name) => await ask(task, new Speaker(store, name))),
      );
      const admitted = granted.reduce((all, each) => all + each, 0);
      return { admitted, refused: names.length, spent: 0, open: 0, other: {} };
    };
  }
  // The first contact may make tables, which takes its time.
  await store.holders();
  // What a process has idle that is not run for a while comes back when it is.
  const policy = { messageTimeoutMs: MESSAGE_MS_MAX, recallWaitMs: MESSAGE_MS_MAX };
  const ledger = await openLedgerOver(store, { name: task.name, mode: task.mode, policy });
  return async () =>
    task.kind === 'reserve' ? await reserve(task, ledger) : await spend(task, ledger);
}

async function ask(
  task: Extract<Task, { readonly kind: 'ask' }>,
  speaker: Speaker,
): Promise<number> {
  const { account, amount } = task;
  for (let granted = 0; ; granted += 1) {
    const known = { usd: granted * amount };
    const said = { known, inFlight: known, need: { usd: amount } };
    const state = await speaker.say(account, said);
    if (state.isRefused) return granted;
    const expected = sums({ usd: (granted + 1) * amount });
    if (state.granted.join() !== expected.join())
      throw new Error(`granted ${state.granted.join()}`);
  }
}

async function reserve(
  task: Extract<Task, { readonly kind: 'reserve' }>,
  ledger: SharedLedger,
): Promise<TaskResult> {
  const { name, account, amount, lanes } = task;
  const counts = new Counts();
  const lane = async (index: number): Promise<void> => {
    for (let call = 0; ; call += 1) {
      const amounts = amountsOf({ usd: amount });
      const id = `${name}-${index}-${call}`;
      const reply = await ledger.reserveAsync({ id, at: NOON, amounts, accounts: [account] });
      counts.count(reply.kind);
      if (reply.kind !== 'reserved') return;
    }
  };
  await Promise.all(Array.from({ length: lanes }, async (_, index) => await lane(index)));
  return counts.result(ledger, 0);
}

async function spend(
  task: Extract<Task, { readonly kind: 'spend' }>,
  ledger: SharedLedger,
): Promise<TaskResult> {
  const { name, account, amount, calls, seed } = task;
  const random = randomFrom(seed);
  const counts = new Counts();
  let spent = 0;
  const call = async (index: number, billed: number, waitMs: number): Promise<void> => {
    const bound: Amounts = amountsOf({ usd: amount, calls: 1 });
    const order = { id: `${name}-${index}`, at: NOON, amounts: bound, accounts: [account] };
    const first = ledger.reserve(order);
    const reply = first.kind === 'ask' ? await ledger.reserveAsync(order) : first;
    counts.count(reply.kind);
    if (reply.kind !== 'reserved') return;
    await sleep(waitMs);
    const amounts = amountsOf({ usd: billed, calls: 1 });
    const ended = ledger.settle({ id: order.id, at: NOON, amounts });
    if (ended.kind !== 'ended') counts.count(`settle ${ended.kind}`);
    spent += billed;
  };
  const all = Array.from({ length: calls }, (_, index) => [index, random(amount + 1), random(30)]);
  await Promise.all(
    all.map(async ([index = 0, billed = 0, ms = 0]) => await call(index, billed, ms)),
  );
  const result = counts.result(ledger, spent);
  await ledger.close();
  return result;
}

/** Replies by kind. */
class Counts {
  readonly #kinds = new Map<string, number>();

  count(kind: string): void {
    this.#kinds.set(kind, (this.#kinds.get(kind) ?? 0) + 1);
  }

  result(ledger: SharedLedger, spent: number): TaskResult {
    const { reserved = 0, refused = 0, ...other } = Object.fromEntries(this.#kinds);
    return { admitted: reserved, refused, spent, open: [...ledger.openHolds()].length, other };
  }
}

async function nextMessage(): Promise<unknown> {
  return await new Promise((resolve) => process.once('message', resolve));
}

// Without its parent a worker has nobody to report to.
process.once('disconnect', () => process.exit(1));

const task = (await nextMessage()) as Task;
const opened = await openStoreAt(task.place);
const done = await prepare(task, opened);
process.send?.({ ready: { isReady: true } });
await nextMessage();
const result = await done();
await opened.end();
process.send?.({ result });
