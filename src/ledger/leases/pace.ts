import { NO_SUMS, asSums, type Sums } from './sums.ts';

/** What one call drew, in numbers of any kind. */
export interface Drawn {
  readonly usd: number;
  readonly tokens: number;
  readonly calls: number;
}

/**
 * How fast calls draw on a slice: totals since the beginning, a moving average, and the totals at
 * which the stock may have run low. Counting a draw allocates nothing and reads no clock.
 */
export class Pace {
  usd = 0;
  tokens = 0;
  calls = 0;
  #alarmUsd = Number.POSITIVE_INFINITY;
  #alarmTokens = Number.POSITIVE_INFINITY;
  #alarmCalls = Number.POSITIVE_INFINITY;
  /** What the last call drew. */
  last: Drawn | undefined;
  /** When a draw was last noticed. */
  usedAtMs = Number.NEGATIVE_INFINITY;
  #rate: Sums = NO_SUMS;
  #from: Sums = NO_SUMS;
  #fromMs = Number.NaN;

  /** Counts a draw; whether it passed the alarm. */
  draw(amounts: Drawn): boolean {
    this.usd += amounts.usd;
    this.tokens += amounts.tokens;
    this.calls += amounts.calls;
    this.last = amounts;
    return (
      this.usd > this.#alarmUsd || this.tokens > this.#alarmTokens || this.calls > this.#alarmCalls
    );
  }

  /** The alarm goes off when so much more was drawn. */
  setAlarm(usd: number, tokens: number, calls: number): void {
    this.#alarmUsd = this.usd + usd;
    this.#alarmTokens = this.tokens + tokens;
    this.#alarmCalls = this.calls + calls;
  }

  /** The alarm does not go off before it is set again. */
  silence(): void {
    this.#alarmUsd = Number.POSITIVE_INFINITY;
    this.#alarmTokens = Number.POSITIVE_INFINITY;
    this.#alarmCalls = Number.POSITIVE_INFINITY;
  }

  /** Brings the average up to the present. */
  measure(nowMs: number, rateMs: number): void {
    if (Number.isNaN(this.#fromMs)) {
      this.#fromMs = nowMs;
      this.usedAtMs = nowMs;
      return;
    }
    const passedMs = nowMs - this.#fromMs;
    if (passedMs <= 0) return;
    const [usd, tokens, calls] = this.#from;
    if (this.usd !== usd || this.tokens !== tokens || this.calls !== calls) this.usedAtMs = nowMs;
    const weight = 1 - Math.exp(-passedMs / rateMs);
    const next = (rate: number, drawn: number): number => rate + weight * (drawn / passedMs - rate);
    this.#rate = [
      next(this.#rate[0], this.usd - usd),
      next(this.#rate[1], this.tokens - tokens),
      next(this.#rate[2], this.calls - calls),
    ];
    this.#from = [this.usd, this.tokens, this.calls];
    this.#fromMs = nowMs;
  }

  /** What is drawn in `ms` at the present rate: whole numbers, rounded down. */
  expected(ms: number): Sums {
    const drawn = (rate: number): number =>
      Math.min(Number.MAX_SAFE_INTEGER, Math.floor(rate * ms));
    return asSums(drawn(this.#rate[0]), drawn(this.#rate[1]), drawn(this.#rate[2]));
  }
}
