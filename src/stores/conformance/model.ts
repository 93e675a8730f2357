import type { Account, Amounts } from '../../ledger/account.ts';
import type { Outcome } from '../../ledger/ledger.ts';

const DIMENSIONS = ['usd', 'tokens', 'calls'] as const;

interface Attempt {
  readonly id: string;
  readonly accounts: readonly Account[];
  readonly asked: Amounts;
  held: Record<(typeof DIMENSIONS)[number], bigint>;
  spent: Record<(typeof DIMENSIONS)[number], bigint>;
  end: { readonly outcome: Outcome; readonly amounts: string } | undefined;
}

/**
 * What a ledger should answer, worked out anew at every question from the list of all attempts.
 *
 * Shares no code and no idea with the books: no counters, big integers, nothing is ever
 * forgotten. Does not saturate, so keep sums under 2^53.
 */
export class LedgerModel {
  readonly #attempts = new Map<string, Attempt>();
  readonly #corrections = new Map<string, string>();
  readonly #countsAhead: boolean;

  /** `countsAhead` as the ledger under test says of itself. */
  constructor({ countsAhead = false }: { readonly countsAhead?: boolean } = {}) {
    this.#countsAhead = countsAhead;
  }

  /** Ids of the open attempts, oldest first. */
  get openIds(): readonly string[] {
    return [...this.#attempts.values()].filter(({ end }) => end === undefined).map(({ id }) => id);
  }

  /** Ids of all attempts that were ever admitted, oldest first. */
  get ids(): readonly string[] {
    return [...this.#attempts.keys()];
  }

  /** The kind of the reply to a reserve; admits it when that is `reserved`. */
  reserve(id: string, asked: Amounts, accounts: readonly Account[]): string {
    const known = this.#attempts.get(id);
    if (known !== undefined) {
      const isSame =
        known.end === undefined &&
        text(known.asked) === text(asked) &&
        known.accounts.map(keyOf).join() === accounts.map(keyOf).join();
      return isSame ? 'reserved' : 'conflict';
    }
    if (accounts.some((account) => this.#isShort(account, asked))) return 'refused';
    const zero = { usd: 0n, tokens: 0n, calls: 0n };
    this.#attempts.set(id, { id, accounts, asked, held: big(asked), spent: zero, end: undefined });
    return 'reserved';
  }

  /** The kind of the reply to an extension; grows the hold when that is `extended`. */
  extend(id: string, by: Amounts): string {
    const attempt = this.#attempts.get(id);
    if (attempt === undefined) return 'unknown-id';
    if (attempt.end !== undefined) return 'already';
    if (attempt.accounts.some((account) => this.#isShort(account, by))) return 'refused';
    for (const name of DIMENSIONS) attempt.held[name] += BigInt(by[name]);
    return 'extended';
  }

  /** The kind of the reply to an end, and `repeated` or `overdrawn` as the reply should say. */
  end(id: string, outcome: Outcome, amounts: Amounts): readonly unknown[] {
    const attempt = this.#attempts.get(id);
    if (attempt === undefined) return ['unknown-id'];
    const content = outcome === 'settled' ? text(amounts) : '';
    if (attempt.end === undefined) {
      if (outcome === 'settled') attempt.spent = big(amounts);
      if (outcome === 'expired') attempt.spent = attempt.held;
      attempt.end = { outcome, amounts: content };
      return ['ended', outcome, false, this.#overdrawn(attempt)];
    }
    const { end } = attempt;
    if (end.outcome !== outcome || end.amounts !== content) return ['already', end.outcome];
    return ['ended', outcome, true, this.#overdrawn(attempt)];
  }

  /** The kind of the reply to a correction, with `repeated`. */
  adjust(id: string, reservationId: string, amounts: Amounts): readonly unknown[] {
    const content = `${reservationId} ${text(amounts)}`;
    const before = this.#corrections.get(id);
    if (before !== undefined) return before === content ? ['adjusted', true] : ['conflict'];
    const attempt = this.#attempts.get(reservationId);
    if (attempt === undefined) return ['unknown-id'];
    if (attempt.end === undefined) return ['still-open'];
    this.#corrections.set(id, content);
    attempt.spent = big(amounts);
    return ['adjusted', false];
  }

  /** Spent and held of an account over its parts. */
  balance(account: Account): Record<'spent' | 'held', Record<string, number>> {
    const spent: Record<string, number> = {};
    const held: Record<string, number> = {};
    for (const name of DIMENSIONS) {
      spent[name] = Number(this.#sum(account, name, { what: 'spent', until: endOf(account) }));
      held[name] = Number(this.#sum(account, name, { what: 'held', until: endOf(account) }));
    }
    return { spent, held };
  }

  /** Whether the account's spent passes its ceiling. */
  isOverdrawn(account: Account): boolean {
    return DIMENSIONS.some((name) => {
      const ceiling = account.ceiling[name];
      const spent = this.#sum(account, name, { what: 'spent', until: endOf(account) });
      return ceiling !== undefined && spent > BigInt(ceiling);
    });
  }

  #overdrawn({ accounts }: Attempt): readonly string[] {
    return accounts.filter((account) => this.isOverdrawn(account)).map(keyOf);
  }

  #isShort(account: Account, asked: Amounts): boolean {
    if (account.mode === 'observe') return false;
    return DIMENSIONS.some((name) => {
      const ceiling = account.ceiling[name];
      if (ceiling === undefined) return false;
      const until = this.#horizonOf(account);
      const spent = this.#sum(account, name, { what: 'spent', until });
      const held = this.#sum(account, name, { what: 'held', until });
      return spent + held + BigInt(asked[name]) > BigInt(ceiling);
    });
  }

  /**
   * Up to when charges share a window with one made on the account: its own end, or the newest
   * charge of its cap and scope if that is less than a window later.
   */
  #horizonOf(account: Account): number {
    const own = endOf(account);
    if (account.parts.length === 1) return own;
    const span = own - (account.parts[0]?.leavesAt ?? own);
    if (this.#countsAhead) return own + span;
    const drawn = [...this.#attempts.values()].flatMap(({ accounts }) => accounts);
    const ends = drawn.filter((other) => isSeries(other, account)).map(endOf);
    const newest = Math.max(own, ...ends);
    return newest - span <= own ? newest : own;
  }

  #sum(
    account: Account,
    name: (typeof DIMENSIONS)[number],
    { what, until }: { readonly what: 'spent' | 'held'; readonly until: number },
  ): bigint {
    const from = account.parts[0]?.leavesAt ?? Number.POSITIVE_INFINITY;
    let sum = 0n;
    for (const attempt of this.#attempts.values()) {
      const isOpen = attempt.end === undefined;
      if (isOpen !== (what === 'held')) continue;
      for (const drawn of attempt.accounts) {
        const end = endOf(drawn);
        if (isSeries(drawn, account) && end >= from && end <= until) sum += attempt[what][name];
      }
    }
    return sum;
  }
}

function isSeries(left: Account, right: Account): boolean {
  return left.capId === right.capId && left.scope === right.scope;
}

function endOf(account: Account): number {
  return account.parts.at(-1)?.leavesAt ?? Number.POSITIVE_INFINITY;
}

/** Names an account by the part that its holds are drawn on. */
export function keyOf(account: Account): string {
  return account.parts.at(-1)?.key ?? '';
}

function big({ usd, tokens, calls }: Amounts): Attempt['held'] {
  return { usd: BigInt(usd), tokens: BigInt(tokens), calls: BigInt(calls) };
}

function text({ usd, tokens, calls }: Amounts): string {
  return `${usd}/${tokens}/${calls}`;
}
