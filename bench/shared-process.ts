import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import pg from 'pg';
import { openFileJournal } from '../src/journal/file-journal.ts';
import { identifyProcess } from '../src/journal/identity.ts';
import type { Account, Amounts } from '../src/ledger/account.ts';
import type { Ledger } from '../src/ledger/ledger.ts';
import { createLeasedLedger } from '../src/ledger/leases/leased-ledger.ts';
import type { LeaseStore } from '../src/ledger/leases/lease-store.ts';
import { createMemoryLedger } from '../src/stores/memory/books/memory-ledger.ts';
import { createPostgresLeaseStore } from '../src/stores/postgres/lease-store.ts';
import { createRedisLeaseStore } from '../src/stores/redis/lease-store.ts';
import { createSqliteLeaseStore } from '../src/stores/sqlite/lease-store.ts';
import { calls, tokens } from '../src/units/count.ts';
import { nanoUsd } from '../src/units/money.ts';
import { epochMs, systemClock } from '../src/units/time.ts';

/** What one process of the benchmark of shared ledgers does; as JSON on its command line. */
export interface SharedTask {
  readonly name: string;
  readonly kind: 'memory' | 'sqlite' | 'redis' | 'postgres';
  /** Path of the file, or address of the server. */
  readonly place: string;
  /** Prefix of keys, or schema. */
  readonly space: string;
  readonly synchronous: 'full' | 'normal';
  readonly mode: 'leased' | 'direct';
  readonly hasJournal: boolean;
  /** Folder for journals. */
  readonly journals: string;
  /** When all processes begin, by the host's clock, and for how long they measure. */
  readonly startsAtMs: number;
  readonly ms: number;
}

/** What one process measured. */
export interface SharedTimes {
  readonly pairsPerSecond: number;
  readonly reserveP50Us: number;
  readonly reserveP99Us: number;
  readonly settleP50Us: number;
  readonly settleP99Us: number;
}

/** Pairs between two turns of the event loop, in which timers and answers come through. */
const PAIRS_PER_TURN = 32;
const WARM_UP_MS = 300;

/** Reserves and settles over four warm accounts for as long as the task says. */
export async function benchSharedProcess(): Promise<SharedTimes> {
  const task = JSON.parse(process.argv[3] ?? '') as SharedTask;
  const { ledger, end } = await open(task);
  const accounts = accountsOf(task.name);
  await pairsFor(ledger, { name: `${task.name}-w`, accounts, ms: WARM_UP_MS });
  await sleep(Math.max(0, task.startsAtMs - Date.now()));
  const times = await pairsFor(ledger, { name: task.name, accounts, ms: task.ms });
  await end();
  return times;
}

async function pairsFor(
  ledger: Ledger,
  of: { readonly name: string; readonly accounts: readonly Account[]; readonly ms: number },
): Promise<SharedTimes> {
  const reserves: number[] = [];
  const settles: number[] = [];
  const began = performance.now();
  while (performance.now() - began < of.ms) {
    for (let pair = 0; pair < PAIRS_PER_TURN; pair += 1) {
      const at = systemClock();
      const order = {
        id: `${of.name}-${reserves.length}`,
        at,
        amounts: HOLD,
        accounts: of.accounts,
      };
      const asked = performance.now();
      const first = ledger.reserve(order);
      const reply = first.kind === 'ask' ? await ledger.reserveAsync(order) : first;
      const held = performance.now();
      if (reply.kind !== 'reserved') throw new Error(`the benchmark was answered ${reply.kind}`);
      ledger.settle({ id: order.id, at, amounts: BILL });
      settles.push((performance.now() - held) * 1_000);
      reserves.push((held - asked) * 1_000);
      if (performance.now() - began >= of.ms) break;
    }
    await nextTurn();
  }
  const seconds = (performance.now() - began) / 1_000;
  reserves.sort((left, right) => left - right);
  settles.sort((left, right) => left - right);
  return {
    pairsPerSecond: reserves.length / seconds,
    reserveP50Us: at(reserves, 0.5),
    reserveP99Us: at(reserves, 0.99),
    settleP50Us: at(settles, 0.5),
    settleP99Us: at(settles, 0.99),
  };
}

interface Opened {
  readonly ledger: Ledger;
  readonly end: () => Promise<void>;
}

async function open(task: SharedTask): Promise<Opened> {
  if (task.kind === 'memory') return { ledger: createMemoryLedger(), end: async () => undefined };
  const { store, end } = await openStore(task);
  const { name, mode, journals, hasJournal } = task;
  const directory = hasJournal ? journals : null;
  const self = identifyProcess({ journal: directory, openedAt: systemClock() });
  const identity = { ...self, holder: name };
  const journal = hasJournal ? openFileJournal({ directory: journals, identity }) : undefined;
  const policy = { mode, messageTimeoutMs: 20_000 };
  const ledger = createLeasedLedger({ store, identity, policy, journal });
  return {
    ledger,
    end: async () => {
      await ledger.close();
      await end();
    },
  };
}

async function openStore(
  task: SharedTask,
): Promise<{ readonly store: LeaseStore; readonly end: () => Promise<void> }> {
  const { kind, place, space, synchronous } = task;
  if (kind === 'redis') {
    const client = new Redis(place);
    const store = await createRedisLeaseStore({ client, prefix: space });
    return { store, end: async () => client.disconnect() };
  }
  if (kind === 'postgres') {
    const client = new pg.Pool({ connectionString: place, max: 2 });
    const store = createPostgresLeaseStore({ client, schema: space });
    return { store, end: async () => await client.end() };
  }
  const store = createSqliteLeaseStore({ path: place, driver: 'better-sqlite3', synchronous });
  return { store, end: async () => store.end() };
}

const HOLD = amounts(50_000_000, 8_665);
const BILL = amounts(31_000_000, 5_100);
const CEILING = { usd: nanoUsd(9e15), tokens: undefined, calls: undefined };
const DAY_MS = 86_400_000;

/** The whole application, one model and one feature that all share, and a customer of its own. */
function accountsOf(name: string): readonly Account[] {
  const start = systemClock() - (systemClock() % DAY_MS);
  const scopes = ['global', 'model:claude', 'feature:chat', `customer:${name}`];
  return scopes.map((scope) => {
    const capId = `${scope.split(':')[0]}/day`;
    const parts = [{ key: `${capId}|${scope}|${start}`, leavesAt: need(epochMs(start + DAY_MS)) }];
    return { capId, scope, window: 'day', ceiling: CEILING, mode: 'enforce', parts };
  });
}

function amounts(usd: number, token: number): Amounts {
  return { usd: need(nanoUsd(usd)), tokens: need(tokens(token)), calls: need(calls(1)) };
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
}

function need<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a constant of the benchmark is out of range');
  return value;
}
