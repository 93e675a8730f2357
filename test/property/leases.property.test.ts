import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import type { HolderMessage, SliceItem, SliceState } from '../../src/ledger/leases/message.ts';
import { accountOf, DAY, instant } from '../../src/stores/conformance/orders.ts';
import {
  createMemoryLeaseStore,
  type MemoryLeaseStore,
} from '../../src/stores/memory/lease-store.ts';

/** Three sums as the model keeps them. */
type Triple = [number, number, number];

const HOLDERS = ['a', 'b', 'c'] as const;
type Name = (typeof HOLDERS)[number];
const AT = instant(DAY);
const CEILINGS: readonly (readonly (number | null)[])[] = [
  [500, null, null],
  [300, 400, null],
  [null, 250, 20],
];
const ACCOUNTS = CEILINGS.map((ceiling, index) => {
  const [usd, tokens, calls] = ceiling;
  return accountOf({
    cap: `cap${index}`,
    ceiling: {
      ...(usd === null ? {} : { usd: usd! }),
      ...(tokens === null ? {} : { tokens: tokens! }),
      ...(calls === null ? {} : { calls: calls! }),
    },
  });
});
const KEYS = ACCOUNTS.map(({ parts }) => parts[0]!.key);

/** One holder's slice as the model has it: what it was told, and what it did since. */
interface ModelSlice {
  granted: Triple;
  returned: Triple;
  spent: Triple;
}

interface ModelHolder {
  isOpen: boolean;
  seq: number;
  readonly slices: ModelSlice[];
  readonly sent: HolderMessage[];
}

/** What everybody must have, by arithmetic: no row of the store is read for it. */
interface Model {
  readonly holders: Record<Name, ModelHolder>;
  /** Booked of holders that ended. */
  readonly ended: Triple[];
}

const three = (fn: (dimension: 0 | 1 | 2) => number): Triple => [fn(0), fn(1), fn(2)];
const heldIn = ({ granted, returned, spent }: ModelSlice): Triple =>
  three((d) => Math.max(0, granted[d] - returned[d] - spent[d]));

function newModel(): Model {
  const holder = (): ModelHolder => {
    const slices = KEYS.map((): ModelSlice => {
      return { granted: [0, 0, 0], returned: [0, 0, 0], spent: [0, 0, 0] };
    });
    return { isOpen: true, seq: 0, slices, sent: [] };
  };
  return {
    holders: { a: holder(), b: holder(), c: holder() },
    ended: KEYS.map((): Triple => [0, 0, 0]),
  };
}

/** Everything must be as the model has it; held and spent are sums over its holders. */
function check(model: Model, store: MemoryLeaseStore): void {
  for (const [index, balance] of store.balances(ACCOUNTS).entries()) {
    const open = HOLDERS.map((name) => model.holders[name]).filter(({ isOpen }) => isOpen);
    const slices = open.map((holder) => holder.slices[index]!);
    const sumOf = (of: (slice: ModelSlice) => Triple, first: Triple): Triple =>
      slices.reduce((sum, slice) => three((d) => sum[d] + of(slice)[d]), first);
    const held = sumOf(heldIn, [0, 0, 0]);
    const spent = sumOf((slice) => slice.spent, model.ended[index]!);
    assert.equal([balance.spent, balance.held].join(), [spent, held].join(), KEYS[index]);
    for (const d of [0, 1, 2] as const) {
      const cap = CEILINGS[index]![d];
      if (cap === null || cap === undefined) continue;
      assert.ok(spent[d] + held[d] <= cap, `S1: ${spent[d]} + ${held[d]} of ${cap}`);
    }
  }
}

/** The grant that the model allows: need or nothing, at most want, and only where there is room. */
function checkGrant(
  before: { readonly slice: ModelSlice; readonly room: Triple },
  item: SliceItem,
  state: SliceState,
): void {
  const { slice, room } = before;
  const more = three((d) => state.granted[d] - slice.granted[d]);
  const fits = more.every((_, d) => item.need[d]! <= room[d]!);
  assert.equal(state.isRefused, !fits, `S8: ${room.join()} left for ${item.need.join()}`);
  for (const d of [0, 1, 2] as const) {
    const least = fits ? item.need[d] : 0;
    const most = fits ? Math.min(item.want[d], room[d]) : 0;
    assert.ok(more[d] >= least && more[d] <= most, `S8: ${more.join()} for ${item.need.join()}`);
  }
}

interface Real {
  readonly store: MemoryLeaseStore;
}

const named = (holder: Name, text: string) => () => `${holder}: ${text}`;

/** Says a new message: spends and gives back parts of what is in stock, and asks for more. */
function say(holder: Name, drawn: Drawn): fc.Command<Model, Real> {
  return {
    toString: named(holder, `say ${JSON.stringify(drawn)}`),
    check: (model) => model.holders[holder].isOpen,
    run: (model, { store }) => {
      const self = model.holders[holder];
      self.seq += 1;
      const chosen = KEYS.map((_, index) => index).filter((index) => (drawn.mask >> index) & 1);
      const items = chosen.map((index): SliceItem => {
        const slice = self.slices[index]!;
        const stock = heldIn(slice);
        const spend = three((d) => Math.floor((stock[d] * drawn.spend) / 4));
        slice.spent = three((d) => slice.spent[d] + spend[d]);
        const back = three((d) => Math.floor(((stock[d] - spend[d]) * drawn.back) / 4));
        slice.returned = three((d) => slice.returned[d] + back[d]);
        const left = heldIn(slice);
        const need = three((d) => (CEILINGS[index]![d] === null ? 0 : (drawn.need[d] ?? 0)));
        const demand = three((d) => need[d] * drawn.waiting);
        const want = three((d) => demand[d] * (1 + drawn.want));
        const inFlight = three((d) => Math.floor(left[d] / 2));
        return {
          account: ACCOUNTS[index]!,
          known: [...slice.granted],
          spent: [...slice.spent],
          returned: [...slice.returned],
          inFlight,
          need,
          demand,
          want,
        };
      });
      const message: HolderMessage = { holder, seq: self.seq, at: AT, items, declares: 'none' };
      self.sent.push(message);
      // Room is what is left of the cap once the reports of this message are in.
      const rooms = chosen.map((index) => roomOf(model, index));
      const reply = store.exchange(message);
      assert.equal(reply.kind, 'applied');
      if (reply.kind !== 'applied') return;
      for (const [position, state] of reply.slices.entries()) {
        const slice = self.slices[chosen[position]!]!;
        checkGrant({ slice, room: rooms[position]! }, items[position]!, state);
        slice.granted = [...state.granted];
      }
      check(model, store);
    },
  };
}

function roomOf(model: Model, index: number): Triple {
  return three((d) => {
    const cap = CEILINGS[index]![d];
    if (cap === null || cap === undefined) return Number.MAX_SAFE_INTEGER;
    let taken = model.ended[index]![d];
    for (const name of HOLDERS) {
      const { isOpen, slices } = model.holders[name];
      if (isOpen) taken += slices[index]!.spent[d] + heldIn(slices[index]!)[d];
    }
    return cap - taken;
  });
}

/** Says an old message again: nothing changes, and the latest one is answered as before. */
function repeat(holder: Name, ago: number): fc.Command<Model, Real> {
  return {
    toString: named(holder, `repeat the message ${ago} before the last`),
    check: (model) => model.holders[holder].sent.length > ago,
    run: (model, { store }) => {
      const { sent, isOpen, slices } = model.holders[holder];
      const message = sent[sent.length - 1 - ago]!;
      const reply = store.exchange(message);
      assert.equal(reply.kind, isOpen ? 'applied' : 'fenced');
      if (reply.kind === 'applied' && ago === 0) {
        for (const state of reply.slices) {
          const { granted } = slices[KEYS.indexOf(state.key)]!;
          assert.equal(state.granted.join(), granted.join(), 'S3: the answer is the same again');
        }
      }
      check(model, store);
    },
  };
}

/** Ends a holder: with proof, what it spent is booked; without, all that it could have spent. */
function close(holder: Name, how: 'proven' | 'charged'): fc.Command<Model, Real> {
  return {
    toString: named(holder, `close ${how}`),
    check: () => true,
    run: (model, { store }) => {
      const self = model.holders[holder];
      const finals = KEYS.map((_, index) => {
        const slice = self.slices[index]!;
        return {
          account: ACCOUNTS[index]!,
          spent: three((d) => slice.spent[d] + Math.floor(heldIn(slice)[d] / 3)),
        };
      });
      const order = { holder, at: AT, by: 'test', reason: 'end', how, inDoubt: [] };
      const reply = store.close({ ...order, finals: how === 'proven' ? finals : [] });
      assert.equal(reply.kind, self.isOpen ? 'closed' : 'already-closed');
      if (self.isOpen) {
        for (const [index, slice] of self.slices.entries()) {
          const whole = three((d) => slice.granted[d] - slice.returned[d]);
          const booked = how === 'charged' ? whole : finals[index]!.spent;
          model.ended[index] = three((d) => model.ended[index]![d] + booked[d]);
        }
      }
      self.isOpen = false;
      check(model, store);
    },
  };
}

interface Drawn {
  readonly mask: number;
  readonly spend: number;
  readonly back: number;
  readonly need: readonly number[];
  /** Calls that wait, each with the same need. */
  readonly waiting: number;
  readonly want: number;
}

const name = fc.constantFrom(...HOLDERS);
const quarter = fc.integer({ min: 0, max: 4 });
const drawn: fc.Arbitrary<Drawn> = fc.record({
  mask: fc.integer({ min: 0, max: 7 }),
  spend: quarter,
  back: quarter,
  need: fc.tuple(
    fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 200 })),
    fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 150 })),
    fc.integer({ min: 0, max: 6 }),
  ),
  waiting: fc.integer({ min: 1, max: 3 }),
  want: fc.integer({ min: 0, max: 8 }),
});

const saying = fc.tuple(name, drawn).map(([holder, said]) => say(holder, said));
const repeating = fc
  .tuple(name, fc.integer({ min: 0, max: 5 }))
  .map(([holder, ago]) => repeat(holder, ago));
const closing = fc
  .tuple(name, fc.constantFrom('proven' as const, 'charged' as const))
  .map(([holder, how]) => close(holder, how));

/** Each list is drawn from as often as the others: an end is rare, so that much comes before it. */
const commands = fc.commands(
  [...Array<typeof saying>(9).fill(saying), repeating, repeating, repeating, closing],
  { maxCommands: 30, size: 'max' },
);

const RUNS = Number(process.env['HARDCAP_PROPERTY_RUNS'] ?? 2_000);

describe('the memory lease store, whatever holders say and however often', () => {
  it('S1. S3. S4. S6. S7. S8. keeps the books of the model, to the unit', () => {
    fc.assert(
      fc.property(commands, (list) => {
        fc.modelRun(() => {
          const store = createMemoryLeaseStore({ clock: () => AT });
          for (const holder of HOLDERS) {
            const of = { host: 'h', boot: 'b', pid: 1, incarnation: 'i', journal: null };
            store.open({ holder, ...of, openedAt: AT });
          }
          return { model: newModel(), real: { store } };
        }, list);
      }),
      { numRuns: RUNS },
    );
  });
});
