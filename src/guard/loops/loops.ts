import { BudgetCapError } from '../../errors/budget-cap-error.ts';
import { OperationError } from '../../errors/error.ts';
import type { RefusalStorm } from '../../errors/loop-shortfall.ts';
import type { Account } from '../../ledger/account.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { Cap } from '../../policy/cap.ts';
import type { EpochMs } from '../../units/time.ts';
import type { Quote } from '../call.ts';
import type { Reservation } from '../reservation.ts';
import { LoopCap, type LoopFinding } from './loop-cap.ts';
import { loopRefusal } from './loop-refusal.ts';
import { LoopSubject } from './loop-subject.ts';
import { RefusalStorms } from './storms.ts';

/**
 * The caps on identical requests, depth and fan-out: what money sees only when it is gone.
 *
 * Counted in this process alone, never in a shared ledger, and lost with it. What was held counts,
 * however it ended; what was refused, by these caps or for money, does not. Where no cap counts any
 * of this, a call that is admitted pays nothing for it.
 */
export class Loops {
  readonly #caps: readonly LoopCap[];
  readonly #ledger: Ledger;
  readonly #storms = new RefusalStorms();

  constructor(caps: readonly Cap[], ledger: Ledger) {
    this.#caps = caps.flatMap((cap) =>
      cap.loops === undefined ? [] : [new LoopCap(cap, cap.loops)],
    );
    this.#ledger = ledger;
  }

  /**
   * One call as the caller asks for it, whatever is made of it to fit; the refusal when it goes
   * past a cap as things stand. Counts nothing. `undefined` where no cap is on loops.
   */
  begin(asked: Quote, at: EpochMs): LoopAttempt | BudgetCapError | undefined {
    if (this.#caps.length === 0) return undefined;
    const attempt = new LoopAttempt(this.#caps, this.#ledger, new LoopSubject(asked));
    return attempt.refusal(asked, at) ?? attempt;
  }

  /** Counts a refusal for money: whether the same call was refused over and over. */
  storm(quote: Quote, at: EpochMs): RefusalStorm | undefined {
    return this.#storms.count(quote, at);
  }
}

/** What became of a call at the moment when its hold stood. */
export interface LoopCount {
  /** A cap was reached since the call began: its hold must go back. Then nothing was counted. */
  readonly refusal: BudgetCapError | undefined;
  /** Accounts that only observe and would have refused. */
  readonly observed: readonly Account[];
}

/** One call on its way past the caps on loops: looked at before its hold, counted with it. */
export class LoopAttempt {
  readonly #caps: readonly LoopCap[];
  readonly #ledger: Ledger;
  readonly #subject: LoopSubject;

  constructor(caps: readonly LoopCap[], ledger: Ledger, subject: LoopSubject) {
    this.#caps = caps;
    this.#ledger = ledger;
    this.#subject = subject;
  }

  /** The refusal as things stand; counts nothing. */
  refusal(quote: Quote, at: EpochMs): BudgetCapError | undefined {
    return this.#refusalOf(this.#findings(quote, at), quote, at);
  }

  /**
   * Counts a call whose hold stands. It looks again first, since another call may have been counted
   * while this one waited for a store or for room; between that look and the count nothing comes.
   */
  count(quote: Quote, at: EpochMs): LoopCount {
    const findings = this.#findings(quote, at);
    const refusal = this.#refusalOf(findings, quote, at);
    if (refusal !== undefined) return { refusal, observed: [] };
    for (const cap of this.#caps) cap.count(this.#subject, quote);
    return { refusal: undefined, observed: findings.map(({ account }) => account) };
  }

  #findings(quote: Quote, at: EpochMs): readonly LoopFinding[] {
    return this.#caps.flatMap((cap) => cap.findings(this.#subject, quote, at));
  }

  #refusalOf(
    findings: readonly LoopFinding[],
    quote: Quote,
    at: EpochMs,
  ): BudgetCapError | undefined {
    const short = findings.filter(({ account }) => account.mode === 'enforce');
    if (short.length === 0) return undefined;
    return new BudgetCapError(loopRefusal({ short, quote, at, ledger: this.#ledger }));
  }
}

/** The hold of a call that a cap on loops refused after all goes back: nothing was sent. */
export function giveBack(reservation: Reservation): void {
  try {
    reservation.releaseAs('unsent', 'a cap on loops was reached while the call waited');
  } catch (error) {
    // The ledger cannot write: `drift` told it, the hold stands, and the guard tries again.
    if (!(error instanceof OperationError)) throw error;
  }
}
