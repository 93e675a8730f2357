import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FORGET_AFTER_MS } from '../../src/ledger/account-table.ts';
import type { Account, Amounts } from '../../src/ledger/account.ts';
import { Books } from '../../src/ledger/books.ts';
import { checkInvariants } from '../../src/ledger/invariants.ts';
import type { JournalEvent } from '../../src/ledger/journal.ts';
import type { Outcome } from '../../src/ledger/ledger.ts';
import { replay } from '../../src/ledger/replay.ts';
import { LedgerModel } from '../../src/stores/conformance/model.ts';
import { accountOf, amountsOf, instant, DAY, DAY_MS } from '../../src/stores/conformance/orders.ts';

const MAX = Number.MAX_SAFE_INTEGER;
const MINUTE = 60_000;

/** The accounts of a moment: two dimensions capped, several scopes, a rolling window, one observed. */
function accountsAt(minute: number): readonly Account[] {
  const starts = [minute - 2, minute - 1, minute].map((start) => DAY + start * MINUTE);
  const day = [DAY + Math.floor(minute / 1440) * DAY_MS];
  return [
    accountOf({ cap: 'global', ceiling: { usd: 200, calls: 40 }, starts: day }),
    accountOf({ cap: 'customer', scope: 'customer:a', ceiling: { usd: 60 }, starts: day }),
    accountOf({ cap: 'customer', scope: 'customer:b', ceiling: { tokens: 90 }, starts: day }),
    accountOf({ cap: 'rolling', ceiling: { usd: 50 }, starts, countsMs: 3 * MINUTE }),
    accountOf({ cap: 'watch', ceiling: { usd: 5 }, mode: 'observe', starts: day }),
  ];
}

type Command =
  | {
      readonly kind: 'reserve';
      readonly id: string;
      readonly amounts: Amounts;
      readonly mask: number;
      readonly later: number;
    }
  | { readonly kind: 'extend'; readonly id: string; readonly amounts: Amounts }
  | {
      readonly kind: 'end';
      readonly id: string;
      readonly outcome: Outcome;
      readonly amounts: Amounts;
    }
  | {
      readonly kind: 'adjust';
      readonly id: string;
      readonly reservationId: string;
      readonly amounts: Amounts;
    };

const id = fc.integer({ min: 0, max: 11 }).map((number) => `r${number}`);
const amounts = fc
  .record({
    usd: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 40 })),
    tokens: fc.integer({ min: 0, max: 50 }),
    calls: fc.integer({ min: 0, max: 2 }),
  })
  .map(amountsOf);
const outcome = fc.constantFrom<Outcome>('settled', 'released', 'expired');

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('reserve'),
      id,
      amounts,
      mask: fc.integer({ min: 0, max: 31 }),
      later: fc.constantFrom(0, 0, 1, 2, 1440),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('extend'), id, amounts }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('end'),
      id,
      outcome,
      amounts,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('adjust'),
      id: fc.integer({ min: 0, max: 5 }).map((number) => `a${number}`),
      reservationId: id,
      amounts,
    }),
  },
);
/** Up to 80 of them; without `size` fast-check would make ten at most. */
const commands = fc.array(command, { minLength: 1, maxLength: 80, size: 'max' });

/** What a command does to the books: the kind of its reply, and repeat marks where it has them. */
interface World {
  readonly books: Books;
  readonly events: JournalEvent[];
  minute: number;
  readonly seen: Map<string, Account>;
}

function newWorld(endedMax?: number): World {
  const events: JournalEvent[] = [];
  const journal = (event: JournalEvent): void => {
    events.push(JSON.parse(JSON.stringify(event)) as JournalEvent);
  };
  return { books: new Books({ journal, endedMax }), events, minute: 10, seen: new Map() };
}

function apply(world: World, order: Command): readonly unknown[] {
  const { books } = world;
  if (order.kind === 'reserve') world.minute += order.later;
  const at = instant(DAY + world.minute * MINUTE);
  switch (order.kind) {
    case 'reserve': {
      const accounts = accountsAt(world.minute).filter(
        (_, index) => (order.mask >> index) % 2 === 1,
      );
      for (const account of accounts) world.seen.set(JSON.stringify(account.parts), account);
      return [books.reserve({ id: order.id, at, amounts: order.amounts, accounts }).kind];
    }
    case 'extend':
      return [books.extend({ id: order.id, at, by: order.amounts }).kind];
    case 'end': {
      const reply = end(books, order, order.amounts);
      if (reply.kind === 'already') return [reply.kind, reply.outcome];
      return reply.kind === 'ended' ? [reply.kind, reply.outcome, reply.repeated] : [reply.kind];
    }
    case 'adjust': {
      const { id, reservationId } = order;
      const reply = books.adjust({ id, reservationId, at, amounts: order.amounts, reason: 'test' });
      return reply.kind === 'adjusted' ? [reply.kind, reply.repeated] : [reply.kind];
    }
  }
}

function end(
  books: Books,
  { id, outcome }: { readonly id: string; readonly outcome: Outcome },
  settled: Amounts,
) {
  const at = instant(DAY);
  if (outcome === 'settled') return books.settle({ id, at, amounts: settled });
  const reason = 'test';
  return outcome === 'released'
    ? books.release({ id, at, reason })
    : books.expire({ id, at, reason });
}

/** What the model says the same command answers. */
function predict(model: LedgerModel, minute: number, order: Command): readonly unknown[] {
  switch (order.kind) {
    case 'reserve': {
      const accounts = accountsAt(minute).filter((_, index) => (order.mask >> index) % 2 === 1);
      return [model.reserve(order.id, order.amounts, accounts)];
    }
    case 'extend':
      return [model.extend(order.id, order.amounts)];
    case 'end':
      return model.end(order.id, order.outcome, order.amounts).slice(0, 3);
    case 'adjust':
      return model.adjust(order.id, order.reservationId, order.amounts);
  }
}

/** All that can be told apart from outside and inside: balances, open holds, ended ids, corrections. */
function stateOf({ state }: Books): unknown {
  const byKey = [...state.table.entries()].map(({ key, spent, held, leavesAt }) => {
    return [key, { spent, held, leavesAt }] as const;
  });
  const nameless = state.ended.list().map(({ slots: _slots, ...ended }) => ended);
  const open = state.open.list().map(({ id, at, asked, held }) => ({ id, at, asked, held }));
  return { accounts: Object.fromEntries(byKey), open, ended: nameless, seq: state.seq };
}

function cut({ usd, tokens, calls }: Amounts, ceiling: Amounts): Amounts {
  return amountsOf({
    usd: Math.min(usd, ceiling.usd),
    tokens: Math.min(tokens, ceiling.tokens),
    calls: Math.min(calls, ceiling.calls),
  });
}

describe('the books', () => {
  it('answer every command as the model does, and keep all invariants after each step', () => {
    fc.assert(
      fc.property(commands, (list) => {
        const world = newWorld();
        const model = new LedgerModel();
        for (const order of list) {
          const found = apply(world, order);
          if (found[0] === 'unavailable') {
            expect(isPastExtending(world, order)).toBe(true);
            continue;
          }
          expect(found).toEqual(predict(model, world.minute, order));
          expect(checkInvariants(world.books)).toEqual([]);
          for (const account of world.seen.values()) {
            const { spent, held } = world.books.balance(account);
            expect({ spent, held }).toEqual(model.balance(account));
          }
          expect([...world.books.openHolds()].map(({ id }) => id)).toEqual(model.openIds);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('never pass a ceiling, in any interleaving, while no attempt bills above its hold', () => {
    fc.assert(
      fc.property(commands, (list) => {
        const world = newWorld();
        for (const order of list) {
          apply(world, { ...order, amounts: withinHold(world.books, order) });
          for (const account of currentAccounts(world)) {
            const { spent, held, overdrawn } = world.books.balance(account);
            for (const name of ['usd', 'tokens', 'calls'] as const) {
              expect(spent[name] + held[name]).toBeLessThanOrEqual(account.ceiling[name] ?? MAX);
            }
            expect(overdrawn).toBe(false);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it('conserve: each order moves spent and held of its own accounts by exactly what it says', () => {
    fc.assert(
      fc.property(commands, (list) => {
        const world = newWorld();
        for (const order of list) {
          const before = totals(world.books);
          const known = holdOf(world.books, order);
          const reply = apply(world, order);
          const after = totals(world.books);
          expect(after).toEqual(moved(world, before, { order, known, reply }));
        }
      }),
      { numRuns: 100 },
    );
  });

  it('apply each message once: any message repeated, now or later, changes nothing', () => {
    fc.assert(
      fc.property(commands, fc.array(fc.nat(), { maxLength: 20 }), (list, repeats) => {
        const world = newWorld();
        const done: Command[] = [];
        const corrected = new Set<string>();
        for (const order of list) {
          const [kind] = apply(world, order);
          if (order.kind === 'adjust' && kind === 'adjusted') corrected.add(order.id);
          // An extension has no id of its own: a repeat of it is a second extension.
          if (order.kind !== 'extend') done.push(order);
          const before = stateOf(world.books);
          for (const pick of repeats) {
            const again = done[pick % Math.max(1, done.length)];
            if (again === undefined || isFresh(world.books, again, corrected)) continue;
            apply(world, again.kind === 'reserve' ? { ...again, later: 0 } : again);
            expect(stateOf(world.books)).toEqual(before);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it('end each hold once: events hold one end per reservation, and none for an unknown one', () => {
    fc.assert(
      fc.property(commands, (list) => {
        const world = newWorld();
        for (const order of list) apply(world, order);
        const open = new Set<string>();
        const closed = new Set<string>();
        for (const { kind, id } of world.events) {
          if (kind === 'reserved') {
            expect(open.has(id) || closed.has(id)).toBe(false);
            open.add(id);
          } else if (kind === 'extended') {
            expect(open.has(id)).toBe(true);
          } else if (kind === 'adjusted') {
            expect(closed.has(id)).toBe(true);
          } else {
            expect(open.delete(id)).toBe(true);
            closed.add(id);
          }
        }
        expect([...world.books.openHolds()].map(({ id }) => id)).toEqual([...open]);
      }),
      { numRuns: 100 },
    );
  });

  it('replay from JSON to the same state after every step, whatever is still remembered', () => {
    fc.assert(
      fc.property(commands, fc.constantFrom(0, 1, 3, 100), (list, endedMax) => {
        const world = newWorld(endedMax);
        for (const order of list) {
          apply(world, order);
          expect(checkInvariants(world.books)).toEqual([]);
        }
        const copy = replay(world.events, { endedMax });
        expect(checkInvariants(copy)).toEqual([]);
        expect(stateOf(copy)).toEqual(stateOf(world.books));
        for (const account of world.seen.values()) {
          expect(copy.balance(account)).toEqual(world.books.balance(account));
        }
      }),
      { numRuns: 100 },
    );
  });

  it('change nothing when the journal fails, at whichever write it does', () => {
    fc.assert(
      fc.property(commands, fc.nat({ max: 60 }), (list, failAt) => {
        let writes = 0;
        const events: JournalEvent[] = [];
        const books = new Books({
          journal: (event) => {
            writes += 1;
            if (writes === failAt) throw new Error('no space left on device');
            events.push(JSON.parse(JSON.stringify(event)) as JournalEvent);
          },
        });
        const world: World = { books, events, minute: 10, seen: new Map() };
        for (const order of list) {
          const before = stateOf(books);
          const willFail = writes + 1 === failAt;
          const [kind] = apply(world, order);
          if (willFail && writes === failAt) {
            expect(kind).toBe('unavailable');
            expect(stateOf(books)).toEqual(before);
          } else if (kind === 'unavailable') {
            expect(isPastExtending(world, order)).toBe(true);
          }
          expect(checkInvariants(books)).toEqual([]);
        }
        expect(stateOf(replay(events))).toEqual(stateOf(books));
      }),
      { numRuns: 100 },
    );
  });

  it('hold integers from 0 to 2^53 - 1 for amounts of any size, and replay saturated ones', () => {
    const huge = fc
      .record({
        usd: fc.oneof(fc.constant(MAX), fc.maxSafeNat()),
        tokens: fc.oneof(fc.constant(MAX), fc.maxSafeNat()),
        calls: fc.maxSafeNat(),
      })
      .map(amountsOf);
    const observed = accountOf({ cap: 'o', mode: 'observe', ceiling: { usd: MAX } });
    const enforced = accountOf({ cap: 'o', ceiling: { usd: MAX, tokens: MAX, calls: MAX } });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(huge, huge, outcome), { minLength: 1, maxLength: 12 }),
        (list) => {
          const { books, events } = newWorld();
          for (const [index, [hold, bill, ending]] of list.entries()) {
            const id = `r${index}`;
            const reply = books.reserve({
              id,
              at: instant(DAY),
              amounts: hold,
              accounts: [observed],
            });
            expect(reply.kind).toBe('reserved');
            if (index % 3 !== 0) end(books, { id, outcome: ending }, bill);
            expect(checkInvariants(books)).toEqual([]);
            const { spent, held } = books.balance(observed);
            for (const value of [...Object.values(spent), ...Object.values(held)]) {
              expect(Number.isSafeInteger(value) && value >= 0).toBe(true);
            }
            const slot = books.state.table.find(observed.parts[0]!.key);
            const isSaturated = [0, 3].some(
              (counter) => books.state.table.counter(slot, counter) > MAX,
            );
            const at = instant(DAY);
            const probe = { id: 'probe', at, amounts: amountsOf({}), accounts: [enforced] };
            if (isSaturated) expect(books.reserve(probe).kind).toBe('refused');
          }
          expect(stateOf(replay(events))).toEqual(stateOf(books));
        },
      ),
      { numRuns: 100 },
    );
  });
});

/** Whether the order extends a rolling hold whose window began to leave so long ago. */
function isPastExtending({ books, minute }: World, order: Command): boolean {
  if (order.kind !== 'extend') return false;
  const now = DAY + minute * MINUTE;
  const accounts = books.state.open.get(order.id)?.accounts ?? [];
  return accounts.some(({ parts }) => {
    const leavesAt = parts[0]?.leavesAt ?? Number.POSITIVE_INFINITY;
    return parts.length > 1 && leavesAt + FORGET_AFTER_MS <= now;
  });
}

/** Every enforced account seen; of the rolling one only the newest window, the one that counts now. */
function currentAccounts({ seen }: World): readonly Account[] {
  const enforced = [...seen.values()].filter(({ mode }) => mode === 'enforce');
  const newest = enforced.findLast(({ parts }) => parts.length > 1);
  return enforced.filter((account) => account.parts.length === 1 || account === newest);
}

/** The command's amounts, an end's and a correction's cut to what is or was held. */
function withinHold({ state }: Books, order: Command): Amounts {
  if (order.kind === 'end') {
    const held = state.open.get(order.id)?.held;
    return held === undefined ? order.amounts : cut(order.amounts, held);
  }
  if (order.kind === 'adjust') {
    const booked = state.ended.get(order.reservationId)?.booked;
    return booked === undefined ? order.amounts : cut(order.amounts, booked);
  }
  return order.amounts;
}

/** Whether the books do not know the order's reservation, so that it is no repeat. */
function isFresh({ state }: Books, order: Command, corrected: ReadonlySet<string>): boolean {
  const id = order.kind === 'adjust' ? order.reservationId : order.id;
  if (order.kind === 'reserve') return state.open.get(id) === undefined && !state.ended.has(id);
  if (order.kind === 'end') return state.open.get(id) !== undefined;
  return order.kind === 'adjust' && !corrected.has(order.id);
}

type Totals = { readonly [key: string]: { readonly spent: Amounts; readonly held: Amounts } };

function totals({ state }: Books): Totals {
  const entries = [...state.table.entries()].map(({ key, spent, held }) => [key, { spent, held }]);
  return Object.fromEntries(entries) as Totals;
}

interface Known {
  readonly keys: readonly string[];
  readonly held: Amounts;
  readonly booked: Amounts;
}

function holdOf({ state }: Books, order: Command): Known | undefined {
  const id = order.kind === 'adjust' ? order.reservationId : order.id;
  const open = state.open.get(id);
  const ended = state.ended.get(id);
  const slots = open?.slots ?? ended?.slots;
  if (slots === undefined) return undefined;
  const keyBySlot = new Map([...state.table.entries()].map(({ slot, key }) => [slot, key]));
  const zero = amountsOf({});
  const keys = slots.map((slot) => keyBySlot.get(slot) ?? '');
  return { keys, held: open?.held ?? zero, booked: ended?.booked ?? zero };
}

/** The balances that must stand after the order, from those before: arithmetic on its own. */
function moved(
  world: World,
  before: Totals,
  step: {
    readonly order: Command;
    readonly known: Known | undefined;
    readonly reply: readonly unknown[];
  },
): Totals {
  const { order, known, reply } = step;
  const zero = amountsOf({});
  const change = (keys: readonly string[], spent: Amounts[], held: Amounts[]): Totals => {
    const after: Record<string, { spent: Amounts; held: Amounts }> = { ...before };
    for (const key of keys) {
      const old = before[key] ?? { spent: zero, held: zero };
      after[key] = { spent: shift(old.spent, spent), held: shift(old.held, held) };
    }
    return after;
  };
  if (order.kind === 'reserve' && reply[0] === 'reserved' && known === undefined) {
    const accounts = accountsAt(world.minute).filter((_, index) => (order.mask >> index) % 2 === 1);
    return change(
      accounts.map(({ parts }) => parts.at(-1)!.key),
      [],
      [order.amounts],
    );
  }
  if (known === undefined) return before;
  if (order.kind === 'extend' && reply[0] === 'extended')
    return change(known.keys, [], [order.amounts]);
  if (order.kind === 'adjust' && reply[0] === 'adjusted' && reply[1] === false) {
    return change(known.keys, [order.amounts, known.booked], []);
  }
  if (order.kind === 'end' && reply[0] === 'ended' && reply[2] === false) {
    const spent = { settled: order.amounts, released: zero, expired: known.held }[order.outcome];
    return change(known.keys, [spent], [zero, known.held]);
  }
  return before;
}

/** The first amount added, the second taken away. */
function shift(old: Amounts, [plus, minus]: readonly Amounts[]): Amounts {
  const one = (name: keyof Amounts): number =>
    old[name] + (plus?.[name] ?? 0) - (minus?.[name] ?? 0);
  return amountsOf({ usd: one('usd'), tokens: one('tokens'), calls: one('calls') });
}
