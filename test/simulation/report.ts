/** What came out of a run. */

/** Counts of one run. */
export class Figures {
  calls = 0;
  admitted = 0;
  waited = 0;
  unavailable = 0;
  refusals = 0;
  /** Refused although more than 1 % of each of its caps was free, and enough. */
  needless = 0;
  crashes = 0;
  partitions = 0;
  stops = 0;
  /** Requests that all processes sent, up to now. */
  requests: () => number = () => 0;
  /** At the first refusal by the global cap, or else when the last call was made. */
  before: Moment = { freePart: undefined, calls: 0, waited: 0, requests: 0 };

  refused(isGlobal: boolean, isNeedless: boolean, freePart: number): void {
    this.refusals += 1;
    if (isNeedless) this.needless += 1;
    if (isGlobal && this.before.freePart === undefined) this.mark(freePart);
  }

  /** Requests until the last call was made. */
  requestsAtEnd = 0;

  /** The last call was made. */
  end(): void {
    this.requestsAtEnd = this.requests();
    if (this.before.freePart === undefined) this.mark(undefined);
  }

  mark(freePart: number | undefined): void {
    const { calls, waited } = this;
    this.before = { freePart, calls, waited, requests: this.requests() };
  }
}

/** Counts up to a moment. */
export interface Moment {
  /** Of the global cap, free when it first refused; `undefined` when it never did. */
  readonly freePart: number | undefined;
  readonly calls: number;
  readonly waited: number;
  readonly requests: number;
}

/** One run in figures, and everything that was not as it must be. */
export interface Report {
  readonly calls: number;
  readonly admitted: number;
  readonly waited: number;
  readonly unavailable: number;
  readonly refusals: number;
  readonly needless: number;
  readonly crashes: number;
  readonly partitions: number;
  readonly stops: number;
  readonly requests: number;
  /** Until the last call was made. */
  readonly requestsAtEnd: number;
  readonly events: number;
  readonly before: Moment;
  /** Booked in the store at the end and never billed, as a part of the global cap. */
  readonly strandedPart: number;
  /** Billed at the end, as a part of the global cap. */
  readonly spentPart: number;
  readonly overshoots: readonly string[];
  readonly overshootPartMax: number;
  /** Every broken rule, as a sentence that begins with the rule. */
  readonly findings: readonly string[];
}
