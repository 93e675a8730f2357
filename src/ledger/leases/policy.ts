import { ConfigError } from '../../errors/error.ts';

/** How a holder stocks its slices, and how long it waits for what. */
export interface LeasePolicy {
  /**
   * `leased` keeps slices in stock, so that most calls need no message. `direct` asks for each call
   * exactly what it needs and gives every refund back at once.
   */
  readonly mode: 'leased' | 'direct';
  /** How long a slice in stock should last at the present rate. */
  readonly horizonMs: number;
  /** Time constant of the moving average of the rate. */
  readonly rateMs: number;
  /** How many times its need a short slice asks for. */
  readonly wantTimes: number;
  /** How many times its target a slice may have before the rest goes back. */
  readonly surplusTimes: number;
  /** Time between messages that nobody waits for, while there is anything to say. */
  readonly heartbeatMs: number;
  /** How long a stock that runs low waits for others that are filled up by the same message. */
  readonly refillMs: number;
  /** A slice that nobody drew on for so long goes back. */
  readonly idleMs: number;
  /** How soon a refund goes back where the account is scarce. */
  readonly refundMs: number;
  /** How long a refusal by the store stands for the calls that come after it. */
  readonly refusedMs: number;
  /** How long a refused call waits for what is idle elsewhere. */
  readonly recallWaitMs: number;
  /** How often it asks again meanwhile. */
  readonly recallEveryMs: number;
  /** When the store counts as out of reach. */
  readonly messageTimeoutMs: number;
  /** First wait before a message is sent again; each next is twice as long. */
  readonly retryFirstMs: number;
  /** Longest wait before a message is sent again. */
  readonly retryMaxMs: number;
  /** Calls that may wait for the store at once. */
  readonly waitingMax: number;
  /** Ends of holds that may wait until they can be recorded. */
  readonly unrecordedMax: number;
}

/** The policy where nothing else was said; `docs/reference/leases.md` shows what is behind it. */
export const LEASE_POLICY: LeasePolicy = Object.freeze({
  mode: 'leased',
  horizonMs: 2_000,
  rateMs: 2_000,
  wantTimes: 16,
  surplusTimes: 4,
  heartbeatMs: 1_000,
  refillMs: 200,
  idleMs: 10_000,
  refundMs: 5,
  refusedMs: 100,
  recallWaitMs: 1_200,
  recallEveryMs: 75,
  messageTimeoutMs: 1_000,
  retryFirstMs: 50,
  retryMaxMs: 5_000,
  waitingMax: 10_000,
  unrecordedMax: 10_000,
});

/** The largest figure a policy may hold. */
export const POLICY_MAX = 1_000_000_000;

/** The policy with what was said otherwise. Throws `CONFIG_INVALID` for what is no policy. */
export function leasePolicyOf(given: Partial<LeasePolicy> = {}): LeasePolicy {
  const policy = { ...LEASE_POLICY, ...given };
  for (const [field, value] of Object.entries(policy)) {
    if (field === 'mode') {
      if (value === 'leased' || value === 'direct') continue;
      throw new ConfigError({ field, value, reason: 'it must be `leased` or `direct`' });
    }
    const isWhole = Number.isInteger(value) && Number(value) >= 1 && Number(value) <= POLICY_MAX;
    if (isWhole) continue;
    const reason = `it must be an integer from 1 to ${POLICY_MAX}`;
    throw new ConfigError({ field, value, reason });
  }
  return policy;
}
