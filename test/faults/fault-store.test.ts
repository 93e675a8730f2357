import { describe, expect, it } from 'vitest';
import type { LeaseStore } from '../../src/ledger/leases/lease-store.ts';
import type { HolderIdentity, HolderMessage } from '../../src/ledger/leases/message.ts';
import type { HolderJournal, HolderRecord } from '../../src/ledger/leases/ports.ts';
import { NO_SUMS, type Sums } from '../../src/ledger/leases/sums.ts';
import { DAY, accountOf, instant } from '../../src/stores/conformance/orders.ts';
import { createMemoryLeaseStore } from '../../src/stores/memory/lease-store.ts';
import { randomOf } from '../simulation/random.ts';
import { VirtualTime } from '../simulation/virtual-time.ts';
import { createFaultJournal, tornTail } from './fault-journal.ts';
import {
  createFaultStore,
  listedFaults,
  seededFaults,
  type FaultChances,
  type FaultStore,
} from './fault-store.ts';
import { createReplicatedStore } from './replicated-store.ts';

const SEEDS = 100;
const MESSAGES = 40;
const TRIES_MAX = 50;
/** More than every delay of a conversation together. */
const CONVERSATION_MS_MAX = 3_600_000;
const AT = instant(DAY);
const ACCOUNT = accountOf({ cap: 'all', ceiling: { usd: 1_000 } });

const INSTANT: FaultChances = {
  'error-before': 0.15,
  'lost-reply': 0.15,
  duplicate: 0.15,
  'old-again': 0.15,
};

function identityOf(holder: string): HolderIdentity {
  const process = { host: 'h', boot: 'b', pid: 1, incarnation: 'i', journal: null };
  return { holder, ...process, openedAt: AT };
}

const newStore = () => createMemoryLeaseStore({ clock: () => AT });

/** Says the same until it is answered, as every holder does. */
async function insist<T>(call: () => T | Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await call();
    } catch (error) {
      if (tries >= TRIES_MAX) throw error;
    }
  }
}

/** Two holders that take, spend and give back by a seed; what they do follows from the answers. */
async function converse(store: LeaseStore, seed: string): Promise<void> {
  const random = randomOf(seed);
  const holders = ['a', 'b'].map((holder) => {
    return { holder, seq: 0, granted: 0, returned: 0, spent: 0 };
  });
  for (const { holder } of holders) await insist(() => store.open(identityOf(holder)));
  for (let count = 0; count < MESSAGES; count += 1) {
    const self = holders[random.below(2)]!;
    self.seq += 1;
    self.spent += random.below(self.granted - self.returned - self.spent + 1);
    self.returned += random.below(self.granted - self.returned - self.spent + 1);
    const need: Sums = [random.below(60), 0, 0];
    const message: HolderMessage = {
      holder: self.holder,
      seq: self.seq,
      at: AT,
      declares: 'none',
      items: [
        {
          account: ACCOUNT,
          known: [self.granted, 0, 0],
          spent: [self.spent, 0, 0],
          returned: [self.returned, 0, 0],
          inFlight: NO_SUMS,
          need,
          demand: need,
          want: [need[0] * 3, 0, 0],
        },
      ],
    };
    const reply = await insist(() => store.exchange(message));
    if (reply.kind !== 'applied') throw new Error(`${reply.kind} in ${seed}`);
    self.granted = reply.slices[0]!.granted[0];
  }
  const [first] = holders;
  const finals = [{ account: ACCOUNT, spent: [first!.spent, 0, 0] as Sums }];
  const end = { holder: 'a', at: AT, by: 'a', reason: 'end', inDoubt: [] };
  await insist(() => store.close({ ...end, how: 'proven', finals }));
}

function countsOf(store: FaultStore, into: Map<string, number>): void {
  for (const [kind, count] of store.counts) into.set(kind, (into.get(kind) ?? 0) + count);
}

describe('a fault store', () => {
  it('S3. whatever is lost, doubled or late, the books are those of a perfect line', async () => {
    const counts = new Map<string, number>();
    for (let number = 0; number < SEEDS; number += 1) {
      const seed = `faults ${number}`;
      const [perfect, real] = [newStore(), newStore()];
      const store = createFaultStore({ store: real, script: seededFaults(seed, INSTANT) });
      expect(store.isSynchronous).toBe(true);
      await converse(perfect, seed);
      await converse(store, seed);
      expect([...real.accounts], seed).toEqual([...perfect.accounts]);
      countsOf(store, counts);
    }
    for (const kind of Object.keys(INSTANT)) expect(counts.get(kind)).toBeGreaterThan(SEEDS);
  });

  it('S3. the same where answers take time and the store stalls', async () => {
    for (let number = 0; number < SEEDS / 4; number += 1) {
      const seed = `late ${number}`;
      const time = new VirtualTime();
      const [perfect, real] = [newStore(), newStore()];
      const script = seededFaults(seed, { ...INSTANT, delay: 0.2, stall: 0.1 });
      const store = createFaultStore({ store: real, script, schedule: time.schedule });
      await converse(perfect, seed);
      const state = { isTalking: true };
      const conversing = converse(store, seed).finally(() => {
        state.isTalking = false;
      });
      while (state.isTalking && time.now < CONVERSATION_MS_MAX) await time.runUntil(time.now + 50);
      await conversing;
      expect([...real.accounts], seed).toEqual([...perfect.accounts]);
    }
  });

  it('S9. after a fail-over that lost a grant, its holder is told so, and gets nothing', () => {
    const replicated = createReplicatedStore(newStore);
    const store = createFaultStore({
      store: replicated,
      script: listedFaults(
        { kind: 'none' },
        { kind: 'none' },
        { kind: 'fail-over', lost: 1 },
        { kind: 'none' },
      ),
      failOver: replicated.failOver,
    });
    void store.open(identityOf('a'));
    const say = (seq: number, known: Sums) => {
      const asked = { need: [10, 0, 0], demand: [10, 0, 0], want: [10, 0, 0] } as const;
      const told = { known, spent: NO_SUMS, returned: NO_SUMS, inFlight: NO_SUMS };
      const items = [{ account: ACCOUNT, ...told, ...asked }];
      return store.exchange({ holder: 'a', seq, at: AT, declares: 'none', items });
    };
    expect(say(1, NO_SUMS)).toMatchObject({ kind: 'applied', slices: [{ granted: [10, 0, 0] }] });
    expect(say(2, [10, 0, 0])).toMatchObject({ kind: 'lost' });
    expect(replicated.balances([ACCOUNT])).toEqual([{ spent: NO_SUMS, held: NO_SUMS }]);
  });
});

describe('a fault journal', () => {
  it('throws at the writes it was told, and those records never arrive', () => {
    const kept: HolderRecord[] = [];
    const inner: HolderJournal = {
      record: (record) => void kept.push(record),
      attach: () => undefined,
      discard: () => undefined,
    };
    const journal = createFaultJournal(inner, (write) => write === 2);
    const record = (id: string): HolderRecord => {
      return { kind: 'released', id, at: AT, reason: 'test' };
    };
    journal.record(record('a'));
    expect(() => journal.record(record('b'))).toThrow('ENOSPC');
    journal.record(record('c'));
    expect(kept.map(({ id }) => id)).toEqual(['a', 'c']);
    expect(journal.writes()).toBe(3);
  });

  it('tears the last line only', () => {
    const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
    const file = Buffer.from('one\ntwo\nthree\n');
    expect([0, 0.5, 0.99].map((part) => text(tornTail(file, part)))).toEqual([
      'one\ntwo\n',
      'one\ntwo\nth',
      'one\ntwo\nthre',
    ]);
  });
});
