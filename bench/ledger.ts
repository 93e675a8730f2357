import { createMemoryLedger } from '../src/stores/memory/books/memory-ledger.ts';
import type { Account, Amounts } from '../src/ledger/account.ts';
import type { Ledger, ReserveOrder } from '../src/ledger/ledger.ts';
import { calls, tokens } from '../src/units/count.ts';
import { nanoUsd } from '../src/units/money.ts';
import { epochMs } from '../src/units/time.ts';

/** What the books cost: time of one reserve and settle together, and memory of many accounts. */
export interface LedgerFigures {
  /** Nanoseconds for reserve + settle over 1, 4 and 8 warm accounts: median of rounds. */
  readonly pairNs: {
    readonly accounts1: number;
    readonly accounts4: number;
    readonly accounts8: number;
  };
  /** Reserve + settle over 4 accounts, 100 and 1,000,000 live accounts in the books, same run. */
  readonly pairNsByLive: { readonly live100: number; readonly live1e6: number };
  /** The same, each pair drawing on another customer's account of the live ones. */
  readonly pairNsSpreadByLive: { readonly live100: number; readonly live1e6: number };
  /** Heap and array buffers grown per account at 1,000,000 accounts, after a collection. */
  readonly bytesPerAccount: number;
  /** Whole resident set of the process then, in bytes: the runtime itself included. */
  readonly residentBytes: number;
  /** Reserve + settle that opens one new account, including growth of the table: mean. */
  readonly openAccountNs: number;
}

const LIVE = 1_000_000;
const PAIRS_PER_ROUND = 20_000;
const ROUNDS = 15;
const DAY_START = 1_763_683_200_000;
const AT = need(epochMs(DAY_START + 3_600_000));
const LEAVES_AT = need(epochMs(DAY_START + 86_400_000));

/** Measures the books of the memory ledger. Run with `--expose-gc` for steady memory figures. */
export async function benchLedger(): Promise<LedgerFigures> {
  const small = createMemoryLedger();
  for (let index = 0; index < 100; index += 1) pair(small, `s${index}`, [customer(index)]);

  const before = memory();
  const large = createMemoryLedger();
  const openFrom = process.hrtime.bigint();
  for (let index = 0; index < LIVE; index += 1) pair(large, `l${index}`, [customer(index)]);
  const openAccountNs = Number(process.hrtime.bigint() - openFrom) / LIVE;
  const { bytes, residentBytes } = memory();
  await Promise.resolve();

  const four = warmAccounts(4);
  const byLive = interleave({ live100: small, live1e6: large }, (ledger, id) =>
    pair(ledger, id, four),
  );
  const spread = interleave({ live100: small, live1e6: large }, (ledger, id, index) => {
    const range = ledger === small ? 100 : LIVE;
    pair(ledger, id, [...four.slice(1), customer((index * 7919) % range)]);
  });
  return {
    pairNs: pairNs(),
    pairNsByLive: byLive,
    pairNsSpreadByLive: spread,
    bytesPerAccount: (bytes - before.bytes) / LIVE,
    residentBytes,
    openAccountNs,
  };
}

function pairNs(): LedgerFigures['pairNs'] {
  const subjects = {
    accounts1: { ledger: createMemoryLedger(), accounts: warmAccounts(1) },
    accounts4: { ledger: createMemoryLedger(), accounts: warmAccounts(4) },
    accounts8: { ledger: createMemoryLedger(), accounts: warmAccounts(8) },
  };
  return interleave(subjects, ({ ledger, accounts }, id) => pair(ledger, id, accounts));
}

/**
 * Median nanoseconds per operation of each subject, in rounds taken in turn so that noise is
 * shared.
 */
function interleave<S extends Record<string, unknown>>(
  subjects: S,
  run: (subject: S[keyof S], id: string, index: number) => void,
): { [K in keyof S]: number } {
  const times = new Map<keyof S, number[]>();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const name of Object.keys(subjects) as (keyof S)[]) {
      const ids = Array.from({ length: PAIRS_PER_ROUND }, (_, index) => {
        rounds += 1;
        return `r${rounds}-${index}`;
      });
      const from = process.hrtime.bigint();
      for (const [index, id] of ids.entries()) run(subjects[name], id, index);
      const ns = Number(process.hrtime.bigint() - from) / PAIRS_PER_ROUND;
      times.set(name, [...(times.get(name) ?? []), ns]);
    }
  }
  const medians = [...times].map(([name, list]) => [name, median(list)]);
  return Object.fromEntries(medians) as { [K in keyof S]: number };
}

let rounds = 0;

const HOLD = amounts(50_000_000, 8_665);
const BILL = amounts(31_000_000, 5_100);
const CEILING = { usd: nanoUsd(9e15), tokens: undefined, calls: undefined };

function pair(ledger: Ledger, id: string, accounts: readonly Account[]): void {
  const order: ReserveOrder = { id, at: AT, amounts: HOLD, accounts };
  if (ledger.reserve(order).kind !== 'reserved') throw new Error('the benchmark was refused');
  if (ledger.settle({ id, at: AT, amounts: BILL }).kind !== 'ended') throw new Error('not settled');
}

function warmAccounts(count: number): readonly Account[] {
  const scopes = ['global', 'customer', 'feature', 'model', 'agent', 'session', 'team', 'region'];
  return scopes.slice(0, count).map((name) => account(`${name}/day`, `warm-${name}`));
}

/** A fresh account and a fresh key each time, as a plan makes them. */
function customer(index: number): Account {
  return account('customer/day', `customer-${String(index).padStart(6, '0')}`);
}

function account(capId: string, value: string): Account {
  const parts = [{ key: `${capId}|${value}|${DAY_START}`, leavesAt: LEAVES_AT }];
  return { capId, scope: value, window: 'day', ceiling: CEILING, mode: 'enforce', parts };
}

function amounts(usd: number, token: number): Amounts {
  return { usd: need(nanoUsd(usd)), tokens: need(tokens(token)), calls: need(calls(1)) };
}

function memory(): { readonly bytes: number; readonly residentBytes: number } {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  return { bytes: heapUsed + arrayBuffers, residentBytes: rss };
}

function median(values: readonly number[]): number {
  return (
    [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN
  );
}

function need<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a constant of the benchmark is out of range');
  return value;
}
