import { Budget } from '../../budget/budget.ts';
import type { BudgetAmounts, Vector } from '../../budget/budget-amounts.ts';
import { lateUse, moveBy, type Move } from '../../budget/move.ts';
import { invariant, MisuseError } from '../../errors/error.ts';
import { GrantError } from '../../errors/grant-error.ts';
import type { Amounts, Ceiling } from '../../ledger/account.ts';
import { AMOUNTS_ZERO } from '../../ledger/amounts.ts';
import { usdOf } from '../../units/money.ts';
import { durationMs } from '../../units/time.ts';
import { callsOf, closingView, spendingAccount } from './grant-accounts.ts';
import { closedByHand, type GrantLedger } from './grant-ledger.ts';
import type { GrantTerms } from './token.ts';

/** How long `collect` waits for open calls when it is not told. */
export const COLLECT_WAIT_MS = 60_000;

/** How often it looks. */
const COLLECT_POLL_MS = 100;

/** How a grant is to be collected. */
export interface CollectOptions {
  /**
   * Take the grant back though its receiver still holds something of it: no call starts any more,
   * and those that are open are waited for. Without it such a grant is left as it is.
   */
  readonly force?: boolean;
  /** How long open calls are waited for, in milliseconds; 60,000 unless given. */
  readonly waitMs?: number;
}

/** What became of a grant. */
export interface Collected {
  /** What its calls were billed; booked on the issuer's budget and on all above it. */
  readonly spent: BudgetAmounts;
  /** What went back into the issuer's budget. */
  readonly returned: BudgetAmounts;
}

/** What a grant consists of for its issuer. */
interface GrantParts {
  readonly terms: GrantTerms;
  readonly token: string;
  /** What was fenced off for it. */
  readonly part: Budget;
  readonly ledger: GrantLedger;
}

/**
 * A sum that was signed over, for its issuer. It ends once, by `revoke` or `collect`; until then,
 * and whatever the clock says, its money is fenced off.
 *
 * `token` is the right to it. It is in no JSON, event or message of this package.
 */
export class Grant {
  readonly id: string;
  readonly expiresAt: Date;
  readonly audience: string | undefined;
  readonly #parts: GrantParts;
  /** Calls that were taken back so far. */
  #takenCalls = 0;
  #isEnding = false;
  #gone: Move | undefined;

  constructor(parts: GrantParts) {
    this.id = parts.terms.id;
    this.expiresAt = new Date(parts.terms.expiresAt);
    this.audience = parts.terms.audience;
    this.#parts = parts;
  }

  /** What the receiver redeems: ASCII, less than 1 KiB. A secret until it was redeemed. */
  get token(): string {
    return this.#parts.token;
  }

  /** Whether it has not been ended. */
  get isLive(): boolean {
    return this.#gone === undefined;
  }

  /**
   * Takes the grant back that nobody has redeemed: nobody can any more, and all of it returns.
   * Rejects with `GRANT_REDEEMED`, with `SCOPE_CLOSED` while its scope is closed by hand, and with
   * `STORE_UNAVAILABLE`; then the money stays fenced off.
   */
  async revoke(): Promise<BudgetAmounts> {
    return await this.#endBy('revoke', async () => {
      if (await this.#parts.ledger.markRedeemed(this.id)) return this.#close('revoke').returned;
      throw new GrantError(
        'redeemed',
        `Grant ${this.id} was redeemed, so it cannot be revoked. Collect it. Nothing was moved.`,
      );
    });
  }

  /**
   * Ends the grant: starts no call of it any more, on any host, waits for those that are open, and
   * books once what all of them were billed. What is left returns to the budget.
   *
   * Rejects with `GRANT_IN_USE` while the receiver holds something of it (or, with `force`, while
   * calls are open after `waitMs`), with `SCOPE_CLOSED` while its scope is closed by hand, and with
   * `STORE_UNAVAILABLE`; it can be called again then.
   */
  async collect(options: CollectOptions = {}): Promise<Collected> {
    const waitMs = waitOf(options.waitMs);
    return await this.#endBy('collect', async () => {
      const { ledger } = this.#parts;
      if (await ledger.markRedeemed(this.id)) return this.#close('collect');
      return this.#close('collect', await this.#spentInAll(options.force === true, waitMs));
    });
  }

  /** What it is, without the right to it. */
  toJSON(): Record<string, unknown> {
    const { id, expiresAt, audience = null, isLive } = this;
    return { id, expires_at: expiresAt.toISOString(), audience, is_live: isLive };
  }

  /** One end at a time: what takes the money back waits for a store on its way. */
  async #endBy<T>(operation: string, end: () => Promise<T>): Promise<T> {
    if (this.#gone !== undefined) throw lateUse(`grant:${this.id}`, operation, this.#gone);
    if (this.#isEnding) {
      const message = `${operation}: grant ${this.id} is being ended already. Await that.`;
      throw new MisuseError('REQUEST_INVALID', message);
    }
    this.#isEnding = true;
    try {
      return await end();
    } finally {
      this.#isEnding = false;
    }
  }

  /** All that the grant's calls were billed, once none is open and none can start. */
  async #spentInAll(isForced: boolean, waitMs: number): Promise<Amounts> {
    const { ledger, terms } = this.#parts;
    const account = spendingAccount(terms);
    const ceiling = account.ceiling.calls;
    invariant(ceiling !== undefined, 'every grant has a ceiling in calls');
    const until = ledger.now() + waitMs;
    for (let isFirst = true; ; isFirst = false) {
      // An account is told of as a whole: whose calls are known, their cost is known.
      const { spent, held, overdrawn } = await ledger.balance(account);
      const free = ceiling - spent.calls - held.calls;
      if (held.calls === 0 && free <= 0) return { ...spent, calls: this.#own(spent) };
      if (isFirst && !isForced && held.calls > 0) throw this.#inUse(held.calls);
      // What is free, so that nobody takes it; where nothing is, what others may still give back.
      const count = free > 0 ? free : held.calls;
      const taking = await ledger.take(overdrawn ? closingView(account) : account, count);
      if (taking === 'taken') {
        this.#takenCalls += count;
        continue;
      }
      if (ledger.now() >= until) {
        // What is free and held by nobody can be kept from this one by a closed scope alone.
        throw held.calls === 0 ? closedByHand(this.id) : this.#inUse(held.calls);
      }
      await ledger.pause(COLLECT_POLL_MS);
    }
  }

  #own({ calls }: Amounts): Amounts['calls'] {
    return callsOf(Math.max(0, calls - this.#takenCalls));
  }

  #inUse(held: number): GrantError {
    const message =
      `Grant ${this.id} is in use: ${held} of its calls are open or leased by its receiver. ` +
      'Close the receiver’s guard, recover it if it died, or collect with `force`. Nothing was ' +
      'booked.';
    return new GrantError('in-use', message);
  }

  /** Books what was spent and gives the rest back: synchronous, so it is done or it is not. */
  #close(operation: string, { usd, tokens, calls }: Amounts = AMOUNTS_ZERO): Collected {
    const { part, terms } = this.#parts;
    const pool = Budget.poolOf(part);
    invariant(pool !== undefined, 'what was fenced off for a grant is a budget');
    const spent: Vector = [usd, tokens, calls, 0];
    this.#gone = moveBy(operation, 2);
    pool.spend(spent);
    const returned = namedIn(terms.ceiling, part.close());
    return Object.freeze({ spent: { usd: usdOf(usd), tokens, calls }, returned });
  }
}

/** What came back of what the grant named. */
function namedIn({ usd, tokens, calls }: Ceiling, returned: BudgetAmounts): BudgetAmounts {
  return Object.freeze({
    ...(usd === undefined ? {} : { usd: returned.usd }),
    ...(tokens === undefined ? {} : { tokens: returned.tokens }),
    ...(calls === undefined ? {} : { calls: returned.calls }),
  });
}

function waitOf(waitMs = COLLECT_WAIT_MS): number {
  const duration = durationMs(waitMs);
  if (duration !== undefined) return duration;
  const message = `collect: waitMs = ${String(waitMs)}: it is whole milliseconds from 0.`;
  throw new MisuseError('REQUEST_INVALID', `${message} Nothing was booked.`);
}
