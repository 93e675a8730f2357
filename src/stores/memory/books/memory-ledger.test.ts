import { describe, expect, it } from 'vitest';
import { ConfigError, HardcapError, IntegrityError } from '../../../errors/error.ts';
import { FORGET_AFTER_MS } from '../../../ledger/account-table.ts';
import type { Account, Amounts } from '../../../ledger/account.ts';
import { ADJUSTMENTS_MAX } from '../../../ledger/books.ts';
import { checkInvariants } from '../../../ledger/invariants.ts';
import type { JournalEvent } from '../../../ledger/journal.ts';
import { replay } from '../../../ledger/replay.ts';
import type { ReserveReply } from '../../../ledger/ledger.ts';
import { accountOf, amountsOf, DAY, instant, reserveOrder } from '../../conformance/orders.ts';
import { createMemoryLedger, type MemoryLedger } from './memory-ledger.ts';

const MINUTE = 60_000;
const AT = instant(DAY);
const CAPPED = accountOf({ cap: 'c', ceiling: { usd: 100 } });

describe('a memory ledger and forgotten windows', () => {
  it('says unavailable, not reserved, for a full window that it forgot', () => {
    const ledger = createMemoryLedger({ endedMax: 0 });
    spend(ledger, 0);
    forgetUpTo(ledger, 600);
    expect(ledger.balance(minute(0)).spent.usd).toBe(0);
    const reply = reserveAt(ledger, 'again', { account: minute(0), at: DAY });
    expect(reply.kind).toBe('unavailable');
    expect(HardcapError.isInstance(causeOf(reply))).toBe(true);
    expect(checkInvariants(ledger.books)).toEqual([]);
  });

  it('decides for a clock that stepped back less than what it remembers', () => {
    const ledger = createMemoryLedger({ endedMax: 0 });
    forgetUpTo(ledger, 600);
    const back = 600 - FORGET_AFTER_MS / MINUTE + 2;
    const at = DAY + back * MINUTE;
    expect(reserveAt(ledger, 'back', { account: minute(back, 'new'), at }).kind).toBe('reserved');
  });

  it('does not close the present after one wild reading of the future', () => {
    const ledger = createMemoryLedger({ endedMax: 0 });
    const today = (customer: number): Account =>
      accountOf({ cap: 'day', scope: `customer:${customer}`, ceiling: { usd: 10 } });
    for (let customer = 0; customer < 20; customer += 1) {
      reserveAt(ledger, `c${customer}`, { account: today(customer), at: DAY });
      ledger.settle({ id: `c${customer}`, at: AT, amounts: amountsOf({ usd: 10 }) });
    }
    const wild = DAY + 100_000 * MINUTE;
    expect(reserveAt(ledger, 'wild', { account: minute(100_000), at: wild }).kind).toBe('reserved');
    for (let customer = 0; customer < 40; customer += 1) {
      const reply = reserveAt(ledger, `again${customer}`, { account: today(customer), at: DAY });
      expect(reply.kind).toBe(customer < 20 ? 'refused' : 'reserved');
    }
  });

  it('records on an observed account whose window it forgot', () => {
    const ledger = createMemoryLedger({ endedMax: 0 });
    spend(ledger, 0);
    forgetUpTo(ledger, 600);
    const account: Account = { ...minute(0), mode: 'observe' };
    expect(reserveAt(ledger, 'o', { account, at: DAY }).kind).toBe('reserved');
  });

  it('says unavailable for a rolling window whose later parts it forgot', () => {
    const ledger = createMemoryLedger({ endedMax: 0 });
    reserveAt(ledger, 'new', { account: rolling(1, 10), at: DAY });
    ledger.settle({ id: 'new', at: AT, amounts: amountsOf({ usd: 10 }) });
    forgetUpTo(ledger, 600);
    const reply = reserveAt(ledger, 'old', { account: rolling(0, 10), at: DAY });
    expect(reply.kind).toBe('unavailable');
  });

  it('says unavailable where only later parts of a rolling account were forgotten', () => {
    const ledger = createMemoryLedger({ endedMax: 0 });
    for (const last of [-1, 0, 1]) {
      reserveAt(ledger, `r${last}`, { account: rolling(last, 30), at: DAY });
    }
    ledger.settle({ id: 'r1', at: AT, amounts: amountsOf({ usd: 10 }) });
    forgetUpTo(ledger, 600);
    const reply = reserveAt(ledger, 'back', { account: rolling(0, 30), at: DAY });
    expect(reply.kind).toBe('unavailable');
  });

  it('says unavailable where only an older part of a rolling window was forgotten', () => {
    const ledger = createMemoryLedger({ endedMax: 0 });
    reserveAt(ledger, 'old', { account: rolling(-1, 10), at: DAY });
    ledger.settle({ id: 'old', at: AT, amounts: amountsOf({ usd: 10 }) });
    const at = DAY + MINUTE + FORGET_AFTER_MS;
    for (let customer = 0; customer < 4; customer += 1) {
      reserveAt(ledger, `c${customer}`, { account: minute(61, `customer:${customer}`), at });
    }
    expect(ledger.books.state.table.forgottenUpTo).toBe(DAY + MINUTE);
    const reply = reserveAt(ledger, 'back', { account: rolling(0, 10), at: DAY });
    expect(reply.kind).toBe('unavailable');
  });

  it('ends a rolling hold long after its window, and no longer extends it', () => {
    const ledger = createMemoryLedger({ endedMax: 0 });
    for (const last of [0, 1])
      reserveAt(ledger, `r${last}`, { account: rolling(last, 20), at: DAY });
    ledger.settle({ id: 'r0', at: AT, amounts: amountsOf({ usd: 10 }) });
    forgetUpTo(ledger, 600);
    const at = instant(DAY + 600 * MINUTE);
    const by = amountsOf({ usd: 5 });
    expect(ledger.extend({ id: 'r1', at, by }).kind).toBe('unavailable');
    expect(ledger.settle({ id: 'r1', at, amounts: amountsOf({ usd: 9 }) }).kind).toBe('ended');
  });

  it('keeps its accounts to a fraction above the live ones, whatever was opened before', () => {
    const ledger = createMemoryLedger({ endedMax: 10 });
    for (let index = 0; index < 20_000; index += 1) spend(ledger, index);
    const live = FORGET_AFTER_MS / MINUTE;
    expect(ledger.books.state.table.size).toBeLessThan(live * 2);
  });
});

describe('a memory ledger and ended reservations', () => {
  it('forgets the first ended first, answers unknown-id for it, and changes nothing', () => {
    const ledger = createMemoryLedger({ endedMax: 2 });
    for (const id of ['a', 'b', 'c']) {
      hold(ledger, id);
      ledger.settle({ id, at: AT, amounts: amountsOf({ usd: 5 }) });
    }
    const again = (id: string) =>
      ledger.settle({ id, at: AT, amounts: amountsOf({ usd: 5 }) }).kind;
    expect(['a', 'b', 'c'].map(again)).toEqual(['unknown-id', 'ended', 'ended']);
    expect(ledger.balance(CAPPED).spent.usd).toBe(15);
  });

  it('forgets corrections with their reservation, and never applies one twice', () => {
    const ledger = createMemoryLedger({ endedMax: 1 });
    const amounts = amountsOf({ usd: 9 });
    const adjustment = { id: 'x', reservationId: 'a', at: AT, amounts, reason: 'invoice' };
    hold(ledger, 'a');
    ledger.settle({ id: 'a', at: AT, amounts: amountsOf({ usd: 5 }) });
    expect(ledger.adjust(adjustment).kind).toBe('adjusted');
    hold(ledger, 'b');
    ledger.release({ id: 'b', at: AT, reason: 'unsent' });
    expect(ledger.adjust(adjustment).kind).toBe('unknown-id');
    expect(ledger.balance(CAPPED).spent.usd).toBe(9);
  });

  it('never forgets an open hold, however many end meanwhile', () => {
    const ledger = createMemoryLedger({ endedMax: 3 });
    hold(ledger, 'open');
    for (let index = 0; index < 50; index += 1) {
      hold(ledger, `r${index}`);
      ledger.release({ id: `r${index}`, at: AT, reason: 'unsent' });
    }
    expect([...ledger.openHolds()].map(({ id }) => id)).toEqual(['open']);
    expect(ledger.expire({ id: 'open', at: AT, reason: 'idle' }).kind).toBe('ended');
  });

  it('accepts a named number of corrections for one reservation', () => {
    const ledger = createMemoryLedger();
    hold(ledger, 'a');
    ledger.settle({ id: 'a', at: AT, amounts: amountsOf({ usd: 5 }) });
    const adjust = (number: number) => {
      const amounts = amountsOf({ usd: number });
      const id = `x${number}`;
      return ledger.adjust({ id, reservationId: 'a', at: AT, amounts, reason: 'test' }).kind;
    };
    for (let number = 0; number < ADJUSTMENTS_MAX; number += 1) {
      expect(adjust(number)).toBe('adjusted');
    }
    expect(adjust(ADJUSTMENTS_MAX)).toBe('unavailable');
    expect(ledger.balance(CAPPED).spent.usd).toBe(ADJUSTMENTS_MAX - 1);
  });

  it('refuses an impossible `endedMax` at construction', () => {
    for (const endedMax of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 8_000_001]) {
      expect(() => createMemoryLedger({ endedMax })).toThrow(ConfigError);
    }
  });
});

describe('a memory ledger and its journal', () => {
  it('does not carry out an order whose record is only promised', () => {
    const promised = (): unknown => Promise.resolve();
    const ledger = createMemoryLedger({ journal: promised });
    expect(hold(ledger, 'a').kind).toBe('unavailable');
    expect([...ledger.openHolds()]).toEqual([]);
  });

  it('does not let the journal spend between a check and its hold', () => {
    const inner: ReserveReply[] = [];
    const ledger: MemoryLedger = createMemoryLedger({
      journal: () => inner.push(hold(ledger, 'inner', 60)),
    });
    expect(hold(ledger, 'outer', 60).kind).toBe('reserved');
    expect(inner.map(({ kind }) => kind)).toEqual(['unavailable']);
    expect(ledger.balance(CAPPED).held.usd).toBe(60);
  });

  it('goes on where the journal ended, with the next number', () => {
    const events: JournalEvent[] = [];
    const journal = (event: JournalEvent): void => void events.push(event);
    hold(createMemoryLedger({ journal }), 'a');
    const second = createMemoryLedger({ journal, from: [...events] });
    expect(hold(second, 'a').kind).toBe('reserved');
    hold(second, 'b');
    expect(events.map(({ seq, id }) => `${seq} ${id}`)).toEqual(['1 a', '2 b']);
    expect(second.balance(CAPPED).held.usd).toBe(20);
  });

  it('refuses to fold a journal with a record lost, repeated, swapped or impossible', () => {
    const events: JournalEvent[] = [];
    const ledger = createMemoryLedger({ journal: (event) => void events.push(event) });
    hold(ledger, 'a');
    hold(ledger, 'b');
    ledger.settle({ id: 'a', at: AT, amounts: amountsOf({ usd: 5 }) });
    ledger.release({ id: 'b', at: AT, reason: 'unsent' });
    const [one, two, three, four] = events as [
      JournalEvent,
      JournalEvent,
      JournalEvent,
      JournalEvent,
    ];
    const half = { usd: 0.5, tokens: 0, calls: 0 } as unknown as Amounts;
    const broken: readonly (readonly JournalEvent[])[] = [
      [one, three, four],
      [one, one, two],
      [two, one],
      [one, two, three, { ...three, seq: 4 }],
      [one, { ...one, seq: 2 }],
      [{ ...three, seq: 1 }],
      [one, two, { ...three, amounts: half } as JournalEvent],
      [one, { kind: 'forgiven', seq: 2, id: 'a', at: AT } as unknown as JournalEvent],
    ];
    expect(() => replay(events)).not.toThrow();
    for (const journal of broken) expect(() => replay(journal)).toThrow(IntegrityError);
  });
});

describe('a memory ledger and orders that nobody may make', () => {
  it('throws on amounts that are not whole, and changes nothing', () => {
    const ledger = createMemoryLedger();
    hold(ledger, 'a');
    for (const usd of [-1, 0.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY]) {
      const amounts = { ...amountsOf({}), usd } as Amounts;
      const order = { ...reserveOrder({ id: 'r', sum: {}, accounts: [CAPPED] }), amounts };
      expect(() => ledger.reserve(order)).toThrow(IntegrityError);
      expect(() => ledger.extend({ id: 'a', at: AT, by: amounts })).toThrow(IntegrityError);
      expect(() => ledger.settle({ id: 'a', at: AT, amounts })).toThrow(IntegrityError);
    }
    expect(ledger.balance(CAPPED)).toMatchObject({ spent: { usd: 0 }, held: { usd: 10 } });
  });

  it('throws on two accounts with one key, seen before or not', () => {
    const ledger = createMemoryLedger();
    const twice = reserveOrder({ id: 'r', sum: { usd: 60 }, accounts: [CAPPED, CAPPED] });
    expect(() => ledger.reserve(twice)).toThrow(IntegrityError);
    hold(ledger, 'a');
    expect(() => ledger.reserve(twice)).toThrow(IntegrityError);
    expect(ledger.balance(CAPPED).held.usd).toBe(10);
  });

  it('does not follow an order that its maker changes afterwards', () => {
    const ledger = createMemoryLedger();
    const amounts = { ...amountsOf({ usd: 10 }) } as { usd: number; tokens: number; calls: number };
    const accounts = [CAPPED];
    ledger.reserve({ id: 'a', at: AT, amounts: amounts as unknown as Amounts, accounts });
    amounts.usd = 0;
    accounts.length = 0;
    expect([...ledger.openHolds()][0]).toMatchObject({ amounts: { usd: 10 }, scopes: ['global'] });
    ledger.release({ id: 'a', at: AT, reason: 'unsent' });
    expect(ledger.balance(CAPPED).held.usd).toBe(0);
  });
});

function hold(ledger: MemoryLedger, id: string, usd = 10): ReserveReply {
  return ledger.reserve(reserveOrder({ id, sum: { usd }, accounts: [CAPPED] }));
}

/** A rolling window of two minutes, in parts of one. */
function rolling(last: number, usd: number): Account {
  const starts = [last - 1, last].map((start) => DAY + start * MINUTE);
  return accountOf({ cap: 'roll', ceiling: { usd }, starts, countsMs: 2 * MINUTE });
}

function minute(index: number, scope = 'global'): Account {
  const starts = [DAY + index * MINUTE];
  return accountOf({ cap: 'minute', scope, ceiling: { usd: 10 }, starts, countsMs: MINUTE });
}

function reserveAt(
  ledger: MemoryLedger,
  id: string,
  { account, at }: { readonly account: Account; readonly at: number },
): ReserveReply {
  return ledger.reserve(reserveOrder({ id, sum: { usd: 10 }, accounts: [account], at }));
}

/** Spends the whole ceiling of the minute, in it. */
function spend(ledger: MemoryLedger, index: number): void {
  const at = DAY + index * MINUTE;
  expect(reserveAt(ledger, `m${index}`, { account: minute(index), at }).kind).toBe('reserved');
  ledger.settle({ id: `m${index}`, at: instant(at), amounts: amountsOf({ usd: 10 }) });
}

/** Opens so many accounts up to the minute that all older than the memory are forgotten. */
function forgetUpTo(ledger: MemoryLedger, last: number): void {
  for (let index = 1; index <= last; index += 1) spend(ledger, index);
}

function causeOf(reply: ReserveReply): unknown {
  return reply.kind === 'unavailable' ? reply.cause : undefined;
}
