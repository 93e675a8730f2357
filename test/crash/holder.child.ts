/** A holder that reserves and settles until it is killed, or closes when it is told to. */

import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { openFileJournal } from '../../src/journal/file-journal.ts';
import { identifyProcess } from '../../src/journal/identity.ts';
import { createLeasedLedger } from '../../src/ledger/leases/leased-ledger.ts';
import type { Sums } from '../../src/ledger/leases/sums.ts';
import { amountsOf } from '../../src/stores/conformance/orders.ts';
import { systemClock } from '../../src/units/time.ts';
import { randomOf } from '../simulation/random.ts';
import { Notes } from './acknowledged.ts';
import { PLACES, accountsAt, type Place } from './calls.ts';
import { openStore, type StorePlace } from './stores.ts';

/** What the holder is told when it is started. */
export interface HolderOrder {
  readonly place: StorePlace;
  /** Folder for its journal. */
  readonly directory: string;
  /** Where it notes what was acknowledged. */
  readonly notes: string;
  readonly seed: string;
  /** Calls that each lane makes before the holder closes; `null`: it goes on until it is killed. */
  readonly callsMax: number | null;
}

const LANES = 8;
/** So small that new files are begun all the time. */
const SEGMENT_BYTES = 40_000;
/** An end that a ledger cannot keep is tried again. */
const END_TRIES_MAX = 2_000;
const RUN_MS_MAX = 600_000;

const order = JSON.parse(process.argv[2] ?? '') as HolderOrder;
const random = randomOf(order.seed);
const notes = new Notes(order.notes);
const { store } = await openStore(order.place);
const identity = identifyProcess({ journal: order.directory, openedAt: systemClock() });
const { directory } = order;
const journal = openFileJournal({ directory, identity, segmentBytesMax: SEGMENT_BYTES });
const ledger = createLeasedLedger({ store, identity, journal });

/** Ends with the test, however that ends. */
process.stdin.on('end', () => process.exit(3)).resume();
setTimeout(() => process.exit(4), RUN_MS_MAX).unref();

function sumsBelow(most: number): Sums {
  return [1 + random.below(most), random.below(900), 1];
}

function amountsIn([usd, tokens, calls]: Sums) {
  return amountsOf({ usd, tokens, calls });
}

async function end(id: string, bound: Sums): Promise<void> {
  const isReleased = random.chance(0.1);
  const actual: Sums = [random.below(bound[0] + 1), random.below(bound[1] + 1), 1];
  notes.asks(id, isReleased ? { kind: 'release' } : { kind: 'settle', sums: actual });
  for (let tries = 0; tries < END_TRIES_MAX; tries += 1) {
    const at = systemClock();
    const reply = isReleased
      ? ledger.release({ id, at, reason: 'refused upstream' })
      : ledger.settle({ id, at, amounts: amountsIn(actual) });
    if (reply.kind === 'ended') return notes.isDone(id);
    if (reply.kind !== 'unavailable') throw new Error(`${id}: ${JSON.stringify(reply)}`);
    await sleep(5);
  }
}

/** One call; `false` leaves it open. */
async function call(id: string, isEnded: boolean): Promise<void> {
  const place = PLACES.map((count) => random.below(count)) as unknown as Place;
  let sums = sumsBelow(2_000_000);
  notes.asks(id, { kind: 'reserve', place, sums });
  const asked = { id, at: systemClock(), amounts: amountsIn(sums), accounts: accountsAt(place) };
  let reply = ledger.reserve(asked);
  if (reply.kind === 'ask') reply = await ledger.reserveAsync(asked);
  if (reply.kind !== 'reserved') {
    notes.isRefused(id);
    if (reply.kind !== 'refused' && reply.kind !== 'unavailable') throw new Error(reply.kind);
    await sleep(2);
    return;
  }
  notes.isDone(id);
  if (!isEnded) return;
  await (random.chance(0.5) ? turn() : sleep(random.below(4)));
  if (random.chance(0.1)) {
    const by = sumsBelow(1000);
    notes.asks(id, { kind: 'extend', sums: by });
    const at = systemClock();
    if (ledger.extend({ id, at, by: amountsIn(by) }).kind === 'extended') {
      notes.isDone(id);
      sums = [sums[0] + by[0], sums[1] + by[1], sums[2] + by[2]];
    } else notes.isRefused(id);
  }
  await end(id, sums);
}

async function lane(number: number): Promise<void> {
  const callsMax = order.callsMax ?? Number.MAX_SAFE_INTEGER;
  for (let count = 1; count <= callsMax; count += 1) {
    await call(`${identity.holder}/${number}/${count}`, count < callsMax);
    await turn();
  }
}

process.stdout.write(`${identity.holder}\n`);
await Promise.all(Array.from({ length: LANES }, (_, index) => lane(index)));
notes.closes();
await ledger.close();
notes.isClosed();
process.exit(0);
