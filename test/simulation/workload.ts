/** Who calls what, and what it costs: the workload of a simulation. */

import type { Account, Amounts } from '../../src/ledger/account.ts';
import type { Sums } from '../../src/ledger/leases/sums.ts';
import { DAY, DAY_MS, accountOf, amountsOf } from '../../src/stores/conformance/orders.ts';
import type { SimulationOptions } from './options.ts';
import { normal, zipf, type Random } from './random.ts';

/** Median of what a call can cost at most: two cents. */
const BOUND_MEDIAN = 20_000_000;
const BOUND_SIGMA = 0.8;
const BOUND_MAX = 10 * BOUND_MEDIAN;
/** Mean of a log-normal distribution with that median. */
const BOUND_MEAN = BOUND_MEDIAN * Math.exp(BOUND_SIGMA ** 2 / 2);
const ACTUAL_MIN = 0.1;
const ACTUAL_MAX = 0.6;
const CALL_MS_MIN = 300;
const CALL_MS_MAX = 4_300;
/** Nano-dollars of one token, for the caps on tokens. */
const TOKEN_USD = 3_000;
const ROLLING_PARTS = 4;
const ROLLING_PARTS_PER_RUN = 8;
/** No cap is so small that a handful of calls fills it. */
const CAP_MIN = 12 * BOUND_MEDIAN;

/** One call before anybody was asked. */
export interface PlannedCall {
  readonly customer: number;
  readonly feature: number;
  readonly model: number;
  readonly bound: Amounts;
  /** What the provider will bill. */
  readonly actual: Sums;
  readonly durationMs: number;
}

/** The calls and the caps of one run. */
export class Workload {
  /** Where the clocks of the run begin. */
  readonly startsAt: number;
  readonly globalUsd: number;
  readonly #options: SimulationOptions;
  readonly #accounts = new Map<string, Account>();
  readonly #customer: (random: Random) => number;
  readonly #feature: (random: Random) => number;
  readonly #model: (random: Random) => number;
  readonly #partMs: number;

  constructor(options: SimulationOptions) {
    const { holders, callsPerS, durationMs, capPart, windows } = options;
    this.#options = options;
    const calls = (holders * callsPerS * durationMs) / 1000;
    const expected = calls * BOUND_MEAN * ((ACTUAL_MIN + ACTUAL_MAX) / 2);
    const inWindow = windows === 'rolling' ? ROLLING_PARTS / ROLLING_PARTS_PER_RUN : 1;
    this.globalUsd = Math.max(CAP_MIN, Math.round(expected * capPart * inWindow));
    this.#partMs = Math.ceil(durationMs / ROLLING_PARTS_PER_RUN);
    this.startsAt = windows === 'closing' ? DAY + DAY_MS - durationMs / 2 : DAY + DAY_MS / 2;
    this.#customer = zipf(options.customers, 1);
    this.#feature = zipf(options.features, 0.8);
    this.#model = zipf(options.models, 0.8);
  }

  /** Draws the next call. */
  plan(random: Random): PlannedCall {
    const drawn = BOUND_MEDIAN * Math.exp(BOUND_SIGMA * normal(random));
    const usd = Math.round(Math.min(BOUND_MAX, Math.max(1_000_000, drawn)));
    const tokens = Math.round(usd / TOKEN_USD);
    const part = random.between(ACTUAL_MIN, ACTUAL_MAX);
    return {
      customer: this.#customer(random),
      feature: this.#feature(random),
      model: this.#model(random),
      bound: amountsOf({ usd, tokens, calls: 1 }),
      actual: [Math.round(usd * part), Math.round(tokens * part), 1],
      durationMs: random.between(CALL_MS_MIN, CALL_MS_MAX),
    };
  }

  /** The accounts of a call for somebody whose clock shows `at`. */
  accountsOf(call: PlannedCall, at: number): readonly Account[] {
    const { customerPart, windows } = this.#options;
    const usd = this.globalUsd;
    const customerUsd = Math.max(CAP_MIN, Math.round(usd * customerPart));
    const featureTokens = Math.round((usd * 0.7) / TOKEN_USD);
    const isRolling = windows === 'rolling';
    return [
      this.#account({ cap: 'all', scope: 'global', ceiling: { usd }, at, isRolling }),
      this.#account({
        cap: 'customers',
        scope: `customer:${call.customer}`,
        ceiling: { usd: customerUsd },
        at,
        isRolling,
      }),
      this.#account({
        cap: 'features',
        scope: `feature:${call.feature}`,
        ceiling: { usd: Math.round(usd * 0.8), tokens: featureTokens },
        at,
        isRolling: false,
      }),
      this.#account({
        cap: 'models',
        scope: `model:${call.model}`,
        ceiling: { usd: Math.round(usd * 0.7) },
        at,
        isRolling: false,
      }),
    ];
  }

  #account(wanted: {
    readonly cap: string;
    readonly scope: string;
    readonly ceiling: { readonly usd: number; readonly tokens?: number };
    readonly at: number;
    readonly isRolling: boolean;
  }): Account {
    const { cap, scope, ceiling, at, isRolling } = wanted;
    const partMs = isRolling ? this.#partMs : DAY_MS;
    const last = Math.floor(at / partMs) * partMs;
    const name = `${scope}|${last}`;
    let account = this.#accounts.get(name);
    if (account === undefined) {
      const count = isRolling ? ROLLING_PARTS : 1;
      const starts = Array.from(
        { length: count },
        (_, index) => last - (count - 1 - index) * partMs,
      );
      account = accountOf({ cap, scope, ceiling, starts, countsMs: count * partMs });
      this.#accounts.set(name, account);
    }
    return account;
  }
}
