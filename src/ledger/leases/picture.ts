import type { Account, Amounts, Balance } from '../account.ts';
import { lastPart } from '../account-table.ts';
import type { Books } from '../books.ts';
import type { Short } from '../ledger.ts';
import { isBeside } from './hearing.ts';
import { lackOf } from './lack.ts';
import type { Leases } from './leases.ts';
import type { StoreBalance } from './lease-store.ts';
import { freeOf, countersAsSums, takenOf, type Slice, type Usage } from './slice.ts';
import {
  DIMENSIONS,
  NO_SUMS,
  amountsOfSums,
  ceilingsOf,
  isNothing,
  plus,
  sumsOf,
  type Ceilings,
  type Sums,
} from './sums.ts';

/** Accounts without a slice of which the last word of the store is kept. */
export const HEARD_MAX = 10_000;

const NAMES = ['usd', 'tokens', 'calls'] as const;

/** What is known of accounts as a whole: what this holder takes, and others as last heard. */
export class Picture {
  readonly #books: Books;
  readonly #leases: Leases;
  readonly #usage: Usage;
  readonly #heard = new Map<string, StoreBalance>();

  constructor(books: Books, leases: Leases, usage: Usage) {
    this.#books = books;
    this.#leases = leases;
    this.#usage = usage;
  }

  /** What stands in the account over the parts it names. */
  balance(account: Account): Balance {
    const own = this.#books.balance(account);
    const others = this.#othersOf(account);
    const spent = plus(sumsOf(own.spent), others.spent);
    const slice = this.#leases.slices.get(lastPart(account).key);
    const ceiling = slice?.effective ?? ceilingsOf(account.ceiling);
    return {
      spent: amountsOfSums(spent),
      held: amountsOfSums(plus(sumsOf(own.held), others.held)),
      overdrawn: own.overdrawn || isPast(spent, ceiling),
    };
  }

  /** Notes what the store says others have in an account. */
  hear(account: Account, others: StoreBalance): void {
    const { key } = lastPart(account);
    this.#heard.delete(key);
    this.#heard.set(key, others);
    if (this.#heard.size <= HEARD_MAX) return;
    for (const oldest of this.#heard.keys()) {
      this.#heard.delete(oldest);
      return;
    }
  }

  /** Whether what everybody spent passes the ceiling, in the newest window that holds the part. */
  isOverdrawn(slice: Slice): boolean {
    if (slice.series !== undefined) return this.balance(newestView(slice)).overdrawn;
    const { heard, effective } = slice;
    for (const dimension of DIMENSIONS) {
      const cap = effective[dimension];
      if (cap === null) continue;
      const others = heard === undefined ? 0 : heard.othersSpent[dimension];
      if (this.#usage.spentOf(slice, dimension) + others > cap) return true;
    }
    return false;
  }

  /** The accounts to name as overdrawn after a change of these. */
  overdrawn(slices: readonly Slice[]): readonly Account[] {
    let found: Account[] | undefined;
    for (const slice of slices) {
      if (this.isOverdrawn(slice)) (found ??= []).push(newestView(slice));
    }
    return found ?? NONE;
  }

  /** Every enforced account too short for the amounts; those short here, if all fit. */
  short(accounts: readonly Account[], slices: readonly Slice[], amounts: Amounts): Short[] {
    const need = sumsOf(amounts);
    const lacking = (isLacking: (slice: Slice) => number | undefined): Short[] =>
      slices.flatMap((slice, index) => {
        if (slice.mode === 'observe') return [];
        const dimension = isLacking(slice);
        const account = accounts[index] ?? slice.account;
        return dimension === undefined ? [] : [this.#shortOf(account, slice, dimension)];
      });
    const known = lacking((slice) => firstOf(lackOf(this.#usage, slice, need)));
    if (known.length > 0) return known;
    return lacking((slice) => {
      const free = freeOf(this.#usage, slice);
      const at = DIMENSIONS.find((dim) => slice.isGranted(dim) && need[dim] > free[dim]);
      return at ?? (slice.isShut ? 0 : undefined);
    });
  }

  /** Shortages on observed accounts as the books saw them, with what others take and by name. */
  retold(short: readonly Short[], accounts: readonly Account[], slices: readonly Slice[]): Short[] {
    return short.map((local) => {
      const index = slices.findIndex((slice) => slice === local.account);
      const [slice, account] = [slices[index], accounts[index]];
      if (slice === undefined || account === undefined) return local;
      const spent = plus(sumsOf(local.balance.spent), slice.heard?.othersSpent ?? NO_SUMS);
      const held = plus(sumsOf(local.balance.held), slice.heard?.othersHeld ?? NO_SUMS);
      return {
        ...local,
        account,
        balance: {
          spent: amountsOfSums(spent),
          held: amountsOfSums(held),
          overdrawn: isPast(spent, slice.effective),
        },
        parts: local.parts.map((part, at) =>
          amountsOfSums(plus(sumsOf(part), this.#othersInPart(slice, account, at))),
        ),
      };
    });
  }

  #shortOf(account: Account, slice: Slice, dimension: number): Short {
    const { heard } = slice;
    let spent = heard?.othersSpent ?? NO_SUMS;
    let held = heard?.othersHeld ?? NO_SUMS;
    for (const own of slice.series?.slices ?? [slice]) {
      if (own !== slice && !isBeside(slice, own)) continue;
      spent = plus(
        spent,
        countersAsSums((at) => this.#usage.spentOf(own, at)),
      );
      held = plus(
        held,
        countersAsSums((at) => this.#usage.heldOf(own, at)),
      );
    }
    return {
      account,
      balance: {
        spent: amountsOfSums(spent),
        held: amountsOfSums(held),
        overdrawn: isPast(spent, slice.effective),
      },
      dimension: NAMES[dimension] ?? 'usd',
      parts: account.parts.map(({ key }, index) => {
        const own = this.#leases.slices.get(key);
        const taken =
          own === undefined ? NO_SUMS : countersAsSums((at) => takenOf(this.#usage, own, at));
        return amountsOfSums(plus(taken, this.#othersInPart(slice, account, index)));
      }),
    };
  }

  #othersInPart({ heard }: Slice, { parts }: Account, index: number): Sums {
    if (heard === undefined) return NO_SUMS;
    if (parts.length === 1) return plus(heard.othersSpent, heard.othersHeld);
    return heard.othersByPart[index] ?? NO_SUMS;
  }

  #othersOf(account: Account): StoreBalance {
    const { key } = lastPart(account);
    const slice = this.#leases.slices.get(key);
    if (slice?.heard !== undefined) {
      return { spent: slice.heard.othersSpent, held: slice.heard.othersHeld };
    }
    const heard = this.#heard.get(key);
    if (heard !== undefined) return heard;
    return { spent: NO_SUMS, held: this.#othersInOlderView(account) };
  }

  /** A window that moved on since it was heard: of its parts only what both together is known. */
  #othersInOlderView(account: Account): Sums {
    if (account.parts.length === 1) return NO_SUMS;
    for (const { key } of account.parts.toReversed()) {
      const slice = this.#leases.slices.get(key);
      if (slice?.heard === undefined) continue;
      const kept = new Set(account.parts.map((part) => part.key));
      return slice.account.parts.reduce((sum, part, index) => {
        if (!kept.has(part.key)) return sum;
        return plus(sum, slice.heard?.othersByPart[index] ?? NO_SUMS);
      }, NO_SUMS);
    }
    return NO_SUMS;
  }
}

const NONE: readonly never[] = Object.freeze([]);

/** The newest window that still holds the slice's part, as the holder's policy saw it. */
function newestView(slice: Slice): Account {
  const newest = slice.series?.newest;
  if (newest === undefined || newest === slice) return slice.account;
  const first = newest.account.parts[0]?.leavesAt ?? Number.POSITIVE_INFINITY;
  return first <= slice.leavesAt ? newest.account : slice.account;
}

function firstOf(lack: Sums): number | undefined {
  return isNothing(lack) ? undefined : DIMENSIONS.find((dimension) => lack[dimension] > 0);
}

function isPast(spent: Sums, ceiling: Ceilings): boolean {
  return DIMENSIONS.some((dimension) => {
    const cap = ceiling[dimension];
    return cap !== null && spent[dimension] > cap;
  });
}
