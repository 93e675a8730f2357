import { SATURATED, saturatingAdd } from '../kernel/arithmetic.ts';
import { invariant } from '../errors/error.ts';
import type { Account, Amounts, WindowPart } from './account.ts';
import { amountsFromCounters } from './amounts.ts';

/** Counters per account: spent and held in usd, tokens and calls, in this order. */
export const COUNTERS = 6;

/** Where held begins among the counters. */
export const HELD = 3;

/** What `find` answers for a key that has no slot. */
export const NO_SLOT = -1;

/**
 * Most accounts at once. A JavaScript `Map` ends at 2^24 entries; past this, reserves are
 * refused.
 */
export const ACCOUNTS_MAX = 16_000_000;

/**
 * How long after its window an account is kept, in milliseconds. A plan may be this much older than
 * the newest one, and a clock may step back this far, before the books must say `unavailable`.
 */
export const FORGET_AFTER_MS = 3_600_000;

/** Accounts looked at for each one created, so the ones that left stay a fraction of all. */
const SWEEP_STEPS_PER_ACCOUNT = 4;

const SLOTS_FIRST = 64;

/**
 * The balances of every account with something in it, as counters from 0 to 2^53 (saturated).
 *
 * An account is one key. Its counters lie in one growing `Float64Array`, 48 bytes an account. A
 * slot is pinned while a remembered reservation draws on it; only an unpinned account whose
 * window has passed is forgotten, and its slot used again.
 *
 * **Forgetting is never free money.** `forgottenUpTo` is the latest end of any forgotten window.
 * A key that is not here and whose window ends later has never been here: it is new, and empty.
 * One that ends at or before the mark may have been spent from and forgotten, so nobody can say
 * what it holds (`isUnknowable`) and nothing enforced is admitted there. The mark moves only with
 * what was really forgotten, never with a clock reading, and forgetting waits `FORGET_AFTER_MS`;
 * so neither a clock that steps back, nor a plan made from an earlier reading, finds an emptied
 * account, and one wild reading of the future does not close the present.
 */
export class AccountTable {
  /** The latest end of any window that was forgotten; nothing is known of accounts up to it. */
  forgottenUpTo = Number.NEGATIVE_INFINITY;

  readonly #slots = new Map<string, number>();
  #counters = new Float64Array(SLOTS_FIRST * COUNTERS);
  #leavesAt = new Float64Array(SLOTS_FIRST);
  #pins = new Uint32Array(SLOTS_FIRST);
  /** How to name a pinned account in a reply; `undefined` when unpinned. */
  readonly #names: (AccountName | undefined)[] = [];
  readonly #free: number[] = [];
  #slotsUsed = 0;
  #cursor = this.#slots.keys();

  /** Accounts in the table. */
  get size(): number {
    return this.#slots.size;
  }

  /** The slot of a key, or `NO_SLOT`. */
  find(key: string): number {
    return this.#slots.get(key) ?? NO_SLOT;
  }

  /** Whether the part has no slot and may have had one that was forgotten. */
  isUnknowable(part: WindowPart, slot: number): boolean {
    return slot === NO_SLOT && leavesAtOf(part) <= this.forgottenUpTo;
  }

  /** Makes room for `count` more accounts, so that opening them cannot fail; `false` when full. */
  hasRoomFor(count: number): boolean {
    if (this.#slots.size + count > ACCOUNTS_MAX) return false;
    const needed = this.#slotsUsed + Math.max(0, count - this.#free.length);
    if (needed > this.#leavesAt.length) this.#grow(needed);
    return true;
  }

  /** Gives a new account an empty slot. Needs `hasRoomFor` before. */
  open(account: Account): number {
    const slot = this.#free.pop() ?? this.#slotsUsed++;
    invariant(slot < this.#leavesAt.length, 'room was made before an account is opened');
    const part = lastPart(account);
    const key = flatCopy(part.key);
    this.#slots.set(key, slot);
    this.#leavesAt[slot] = leavesAtOf(part);
    this.#names[slot] = nameOf(account, { key, leavesAt: part.leavesAt });
    return slot;
  }

  /** Keeps the slot for one more reservation, and how to name its account. */
  pin(slot: number, account: Account): void {
    this.#pins[slot] = (this.#pins[slot] ?? 0) + 1;
    const name = this.#names[slot];
    if (name?.ceiling === account.ceiling && name.mode === account.mode) return;
    this.#names[slot] = nameOf(account, lastPart(account));
  }

  /** Undoes one `pin`. */
  unpin(slot: number): void {
    const pins = this.#pins[slot] ?? 0;
    invariant(pins > 0, 'a slot is unpinned once for each pin');
    this.#pins[slot] = pins - 1;
    if (pins === 1) this.#names[slot] = undefined;
  }

  /** Remembered reservations that draw on the slot. */
  pinsOf(slot: number): number {
    return this.#pins[slot] ?? 0;
  }

  /** The account of a pinned slot; of a rolling window, with only the part drawn on. */
  accountOf(slot: number): Account | undefined {
    const name = this.#names[slot];
    if (name === undefined) return undefined;
    const { key, leavesAt, thresholds, ...rest } = name;
    const account = { ...rest, parts: [{ key, leavesAt }] };
    return thresholds === undefined ? account : { ...account, thresholds };
  }

  /** One counter of a slot, 0 to 2^53. */
  counter(slot: number, index: number): number {
    return this.#counters[slot * COUNTERS + index] ?? 0;
  }

  /** Puts the slot's six counters into `sums`. */
  copyTo(sums: Float64Array, slot: number): void {
    const counters = this.#counters;
    const base = slot * COUNTERS;
    for (let index = 0; index < COUNTERS; index += 1) sums[index] = counters[base + index] ?? 0;
  }

  /** Adds the slot's six counters to `sums`, saturating. */
  addTo(sums: Float64Array, slot: number): void {
    const base = slot * COUNTERS;
    for (let index = 0; index < COUNTERS; index += 1) {
      sums[index] = saturatingAdd(sums[index] ?? 0, this.#counters[base + index] ?? 0);
    }
  }

  /**
   * Adds amounts to spent (`first` 0) or held (`first` `HELD`); a counter past 2^53 - 1
   * saturates.
   */
  add(slot: number, first: 0 | typeof HELD, amounts: Amounts): void {
    const counters = this.#counters;
    const base = slot * COUNTERS + first;
    counters[base] = saturatingAdd(counters[base] ?? 0, amounts.usd);
    counters[base + 1] = saturatingAdd(counters[base + 1] ?? 0, amounts.tokens);
    counters[base + 2] = saturatingAdd(counters[base + 2] ?? 0, amounts.calls);
  }

  /** Takes amounts back; a saturated counter stays, since its true value is lost. */
  subtract(slot: number, first: 0 | typeof HELD, amounts: Amounts): void {
    const counters = this.#counters;
    const base = slot * COUNTERS + first;
    counters[base] = subtractCounter(counters[base] ?? 0, amounts.usd);
    counters[base + 1] = subtractCounter(counters[base + 1] ?? 0, amounts.tokens);
    counters[base + 2] = subtractCounter(counters[base + 2] ?? 0, amounts.calls);
  }

  /**
   * Forgets accounts that left `FORGET_AFTER_MS` before `at`, looking at a few for each one
   * created.
   */
  sweep(at: number, created: number): void {
    for (let step = created * SWEEP_STEPS_PER_ACCOUNT; step > 0; step -= 1) {
      const next = this.#cursor.next();
      if (next.done === true) {
        this.#cursor = this.#slots.keys();
        return;
      }
      this.#forgetIfLeft(next.value, at);
    }
  }

  /** Every account, for inspection: spent and held as amounts, saturated ones at 2^53 - 1. */
  *entries(): Generator<AccountEntry> {
    for (const [key, slot] of this.#slots) {
      const at = (index: number): number => this.counter(slot, index);
      const leavesAt = this.#leavesAt[slot] ?? 0;
      yield {
        key,
        slot,
        leavesAt: Number.isFinite(leavesAt) ? leavesAt : null,
        spent: amountsFromCounters(at(0), at(1), at(2)),
        held: amountsFromCounters(at(3), at(4), at(5)),
      };
    }
  }

  #forgetIfLeft(key: string, at: number): void {
    const slot = this.find(key);
    const leavesAt = this.#leavesAt[slot] ?? Number.POSITIVE_INFINITY;
    if (this.pinsOf(slot) > 0 || leavesAt + FORGET_AFTER_MS > at) return;
    this.forgottenUpTo = Math.max(this.forgottenUpTo, leavesAt);
    this.#slots.delete(key);
    this.#counters.fill(0, slot * COUNTERS, (slot + 1) * COUNTERS);
    this.#free.push(slot);
  }

  #grow(needed: number): void {
    const length = Math.max(needed, this.#leavesAt.length * 2);
    const counters = new Float64Array(length * COUNTERS);
    const leavesAt = new Float64Array(length);
    const pins = new Uint32Array(length);
    counters.set(this.#counters);
    leavesAt.set(this.#leavesAt);
    pins.set(this.#pins);
    this.#counters = counters;
    this.#leavesAt = leavesAt;
    this.#pins = pins;
  }
}

/** One account as inspection sees it. */
export interface AccountEntry {
  readonly key: string;
  readonly slot: number;
  readonly leavesAt: number | null;
  readonly spent: Amounts;
  readonly held: Amounts;
}

/** An account with one part, in one small object: this is kept for every pinned slot. */
type AccountName = Omit<Account, 'parts' | 'thresholds'> &
  WindowPart & { readonly thresholds: readonly number[] | undefined };

function nameOf(account: Account, { key, leavesAt }: WindowPart): AccountName {
  const { capId, scope, window, ceiling, mode, thresholds } = account;
  return { capId, scope, window, ceiling, mode, thresholds, key, leavesAt };
}

/** When the part stops counting, as a number that compares: lifetime is infinity. */
export function leavesAtOf(part: WindowPart): number {
  return part.leavesAt ?? Number.POSITIVE_INFINITY;
}

/** The part that new holds are drawn on. Throws `INVARIANT_BROKEN` for an account without parts. */
export function lastPart(account: Account): WindowPart {
  const part = account.parts[account.parts.length - 1];
  invariant(part !== undefined, 'an account has at least one window part');
  return part;
}

/**
 * The same text in one flat piece. A key that was put together from pieces keeps them alive
 * beside its text, about 55 bytes a key; this pays once per account for not keeping them.
 */
function flatCopy(text: string): string {
  return [text.slice(0, 1), text.slice(1)].join('');
}

function subtractCounter(counter: number, amount: number): number {
  if (counter === SATURATED) return SATURATED;
  invariant(counter >= amount, 'no more is taken back than was put there');
  return counter - amount;
}
