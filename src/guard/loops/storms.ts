import type { RefusalStorm } from '../../errors/loop-shortfall.ts';
import { shifted, type EpochMs } from '../../units/time.ts';
import type { Quote } from '../call.ts';
import { callerFingerprint } from './fingerprint.ts';
import { RecentCount } from './recent-count.ts';
import { RecentMap } from './recent-map.ts';

/** How far back refusals of the same request are counted. */
const STORM_SECONDS = 60;

/** From how many refusals on it is a storm: a person who tries again has given up by then. */
const STORM_REFUSALS_MIN = 5;

/** How many refused requests are remembered; the one refused longest ago is forgotten first. */
export const REFUSED_KEPT_MAX = 1_000;

const SECOND_MS = 1_000;

/**
 * Knows a request that is refused over and over. Nothing is hashed or kept but on a refusal.
 *
 * Clients do not retry a refusal, so it is the caller that does: an agent, a job queue, a loop
 * around the client. The same request in other scopes is another one.
 */
export class RefusalStorms {
  readonly #refused = new RecentMap<RecentCount>(REFUSED_KEPT_MAX);

  /** Counts a refusal; from the fifth within a minute on it is a storm. */
  count({ provider, facts, scopes }: Quote, at: EpochMs): RefusalStorm | undefined {
    const key = callerFingerprint(provider.name, facts, scopes);
    const count = this.#refused.useWithin(key, () => new RecentCount());
    // Whole seconds, rounded down: what is counted is never older than it is said to be.
    const second = Math.floor(at / SECOND_MS) * SECOND_MS;
    count.add(shifted(at, second + STORM_SECONDS * SECOND_MS - at));
    const refusals = count.countAt(at);
    if (refusals < STORM_REFUSALS_MIN) return undefined;
    return { refusals, withinSeconds: STORM_SECONDS };
  }
}
