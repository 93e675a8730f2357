/** What truly happens, kept by the world: what providers bill, and what calls in flight can cost. */

import type { Account } from '../../src/ledger/account.ts';
import { DIMENSIONS, ceilingsOf, type Ceilings, type Sums } from '../../src/ledger/leases/sums.ts';

/** Three sums that change. */
export type MutableSums = [number, number, number];

/** One call, from its admission to its bill. */
export interface TrueCall {
  readonly id: string;
  readonly accounts: readonly Account[];
  /** The most it can cost, with its extensions. */
  readonly bound: MutableSums;
  isBilled: boolean;
}

interface TrueAccount {
  readonly ceiling: Ceilings;
  readonly spent: MutableSums;
  readonly inFlight: MutableSums;
}

/** The bills of all providers and the calls in flight, by account; independent of every ledger. */
export class Truth {
  /** Moments at which more than a cap could be spent, and how much more. */
  readonly overshoots: string[] = [];
  overshootPartMax = 0;
  readonly #accounts = new Map<string, TrueAccount>();

  /** A call leaves. Its worst case counts from now on; no account may pass its cap by it. */
  start(call: TrueCall): void {
    for (const account of call.accounts) {
      const { inFlight } = this.#at(account);
      addTo(inFlight, call.bound);
      this.#check(account, call.id);
    }
  }

  /** A call in flight may cost more than was said. */
  extend(call: TrueCall, by: Sums): void {
    addTo(call.bound, by);
    for (const account of call.accounts) {
      // Its bill has come: what was held on top of it is only held, and never spent.
      if (!call.isBilled) addTo(this.#at(account).inFlight, by);
      this.#check(account, call.id);
    }
  }

  /** The provider sends its bill, whoever is still there to read it. */
  bill(call: TrueCall, actual: Sums): void {
    call.isBilled = true;
    for (const account of call.accounts) {
      const { spent, inFlight } = this.#at(account);
      takeFrom(inFlight, call.bound);
      addTo(spent, actual);
    }
  }

  /** What could still be spent on the account if every call in flight costs its worst. */
  room(account: Account): Sums {
    const { ceiling } = this.#at(account);
    const taken = this.#takenOf(account);
    const left = (dimension: 0 | 1 | 2): number =>
      (ceiling[dimension] ?? Number.MAX_SAFE_INTEGER) - taken[dimension];
    return [left(0), left(1), left(2)];
  }

  /** Billed on the part of the account that is drawn on. */
  spentOf(key: string): Sums {
    return this.#accounts.get(key)?.spent ?? [0, 0, 0];
  }

  /** Every account that a call drew on. */
  keys(): Iterable<string> {
    return this.#accounts.keys();
  }

  #at(account: Account): TrueAccount {
    const key = account.parts.at(-1)!.key;
    let found = this.#accounts.get(key);
    if (found === undefined) {
      found = { ceiling: ceilingsOf(account.ceiling), spent: [0, 0, 0], inFlight: [0, 0, 0] };
      this.#accounts.set(key, found);
    }
    return found;
  }

  /** The fullest stretch of the window's length that holds the part drawn on. */
  #takenOf({ parts, capId, scope }: Account): Sums {
    if (parts.length === 1) return this.#sum([parts[0]!.key]);
    const startOf = (key: string): number => Number(key.slice(key.lastIndexOf('|') + 1));
    const last = startOf(parts.at(-1)!.key);
    const step = last - startOf(parts.at(-2)!.key);
    const fullest: MutableSums = [0, 0, 0];
    for (let first = 0; first < parts.length; first += 1) {
      const keys = parts.map((_, index) => `${capId}|${scope}|${last + (index - first) * step}`);
      const taken = this.#sum(keys);
      for (const dimension of DIMENSIONS) {
        fullest[dimension] = Math.max(fullest[dimension], taken[dimension]);
      }
    }
    return fullest;
  }

  #sum(keys: readonly string[]): Sums {
    const sum: MutableSums = [0, 0, 0];
    for (const key of keys) {
      const found = this.#accounts.get(key);
      if (found === undefined) continue;
      addTo(sum, found.spent);
      addTo(sum, found.inFlight);
    }
    return sum;
  }

  #check(account: Account, id: string): void {
    if (account.mode === 'observe') return;
    const { ceiling } = this.#at(account);
    const room = this.room(account);
    for (const dimension of DIMENSIONS) {
      const cap = ceiling[dimension];
      if (cap === null || room[dimension] >= 0) continue;
      this.overshootPartMax = Math.max(this.overshootPartMax, -room[dimension] / cap);
      const key = account.parts.at(-1)!.key;
      this.overshoots.push(`${id} passed ${key} by ${-room[dimension]} of ${cap} [${dimension}]`);
    }
  }
}

/** Adds in place. */
export function addTo(sums: MutableSums, by: Sums): void {
  for (const dimension of DIMENSIONS) sums[dimension] += by[dimension];
}

/** Whether two sums are equal in every dimension. */
export function sameSums(left: Sums, right: Sums): boolean {
  return left[0] === right[0] && left[1] === right[1] && left[2] === right[2];
}

/** Sums as people read them. */
export function textOf(sums: Sums): string {
  return sums.join('/');
}

/** Subtracts in place. */
export function takeFrom(sums: MutableSums, by: Sums): void {
  for (const dimension of DIMENSIONS) sums[dimension] -= by[dimension];
}
