/** Leased ledgers as the suite for ledgers wants them: with a journal, and able to die. */

import { rmSync } from 'node:fs';
import { expect, it } from 'vitest';
import { openFileJournal } from '../../src/journal/file-journal.ts';
import { identifyProcess } from '../../src/journal/identity.ts';
import { recoverHolders } from '../../src/journal/recovery.ts';
import { createLeasedLedger } from '../../src/ledger/leases/leased-ledger.ts';
import type { LeaseStore } from '../../src/ledger/leases/lease-store.ts';
import type { HolderIdentity } from '../../src/ledger/leases/message.ts';
import type { HolderJournal } from '../../src/ledger/leases/ports.ts';
import type { SharedLedger } from '../../src/ledger/shared-ledger.ts';
import { NOON } from '../../src/stores/conformance/orders.ts';
import { ledgerConformance, type ConformanceLedger } from '../../src/stores/conformance/suite.ts';
import { privateDir } from '../servers/private-server.ts';

/** Opens an empty store, and lets go of it after the case. */
export type MakeStore = () => Promise<{
  readonly store: LeaseStore;
  readonly end: () => Promise<void> | void;
}>;

/** Runs the suite for ledgers over a kind of store, in both modes. */
export function leasedConformance(mode: 'leased' | 'direct', makeStore: MakeStore): void {
  const shared = ledgerConformance.filter(({ needs }) => needs !== 'replayed');
  for (const { title, run } of shared) {
    it(title, { timeout: 60_000 }, async () => {
      const ends: (() => Promise<void> | void)[] = [];
      try {
        await run(async () => await openLedger({ mode, makeStore, ends }));
      } finally {
        for (const end of ends.toReversed()) await end();
      }
    });
  }

  it('leaves out only what a record of the whole ledger is folded back from', () => {
    const out = ledgerConformance.filter((each) => !shared.includes(each));
    // A holder's journal proves what it did not spend: L11 of a shared ledger is its recovery.
    expect(out.every(({ title }) => title.startsWith('L11. '))).toBe(true);
    expect(shared.some(({ title }) => title.startsWith('L11. '))).toBe(true);
  });
}

/** A machine that is busy with other tests is slow, and not out of reach. */
const MESSAGE_MS_MAX = 20_000;

interface Opening {
  readonly mode: 'leased' | 'direct';
  readonly makeStore: MakeStore;
  readonly ends: (() => Promise<void> | void)[];
}

async function openLedger({ mode, makeStore, ends }: Opening): Promise<ConformanceLedger> {
  const { store, end } = await makeStore();
  const directory = privateDir('journals');
  ends.push(end, () => rmSync(directory, { recursive: true, force: true }));
  const clock = () => NOON;
  const open = (identity: HolderIdentity) => {
    const power = new Power();
    const journal = new FailingJournal(openFileJournal({ directory, identity }));
    const ledger = createLeasedLedger({
      store: power.feeding(store),
      identity,
      journal,
      clock,
      schedule: power.schedule,
      policy: { mode, messageTimeoutMs: MESSAGE_MS_MAX },
    });
    ends.push(() => power.cut());
    return { ledger, journal, power };
  };
  const identify = () => identifyProcess({ journal: directory, openedAt: NOON });
  // Of another start than this process: to whoever recovers, it ended long ago.
  const own = identify();
  const incarnation = own.incarnation.replace(/\/.*/, '/1');
  const { ledger, journal, power } = open({ ...own, incarnation });
  return {
    ...toLedger(ledger),
    countsAhead: true,
    failWrites: (isFailing) => {
      journal.isFailing = isFailing;
    },
    recovered: async (accounts) => {
      power.cut();
      const next = identify();
      const { recovered, unknown } = await recoverHolders({ store, identity: next, clock });
      expect(unknown).toEqual([]);
      expect(recovered.map(({ holder, how }) => [holder, how])).toEqual([
        [ledger.holder, 'proven'],
      ]);
      const copy = open(next).ledger;
      await copy.refresh(accounts);
      return copy;
    },
  };
}

/** What keeps a holder going: its timers, and its way to the store. */
class Power {
  readonly #timers = new Set<NodeJS.Timeout>();
  #isCut = false;

  readonly schedule = (ms: number, fn: () => void): (() => void) => {
    if (this.#isCut) return () => undefined;
    const timer = setTimeout(fn, ms);
    this.#timers.add(timer);
    return () => clearTimeout(timer);
  };

  cut(): void {
    this.#isCut = true;
    for (const timer of this.#timers) clearTimeout(timer);
  }

  /** The store, until the power is cut. */
  feeding(store: LeaseStore): LeaseStore {
    return new Proxy(store, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return (...said: unknown[]): unknown => {
          if (this.#isCut) throw new Error('the process has ended');
          return Reflect.apply(member, target, said);
        };
      },
    });
  }
}

class FailingJournal implements HolderJournal {
  isFailing = false;
  readonly #journal: HolderJournal;

  constructor(journal: HolderJournal) {
    this.#journal = journal;
  }

  record(record: Parameters<HolderJournal['record']>[0]): void {
    if (this.isFailing) throw new Error('no space left on device');
    this.#journal.record(record);
  }

  attach(snapshot: Parameters<HolderJournal['attach']>[0]): void {
    this.#journal.attach(snapshot);
  }

  discard(): void {
    this.#journal.discard();
  }
}

function toLedger(ledger: SharedLedger): ConformanceLedger {
  return {
    reserve: (order) => ledger.reserve(order),
    reserveAsync: async (order) => await ledger.reserveAsync(order),
    extend: (order) => ledger.extend(order),
    settle: (order) => ledger.settle(order),
    release: (order) => ledger.release(order),
    expire: (order) => ledger.expire(order),
    adjust: (order) => ledger.adjust(order),
    balance: (account) => ledger.balance(account),
    openHolds: () => ledger.openHolds(),
  };
}
