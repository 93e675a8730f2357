/** The runs of the test: each seed draws its own fleet, workload and faults. */

import {
  NO_FAULTS,
  UNKNOWN_BILLS,
  realistic,
  storm,
  type FaultRates,
  type SimulationOptions,
} from './options.ts';
import { randomOf, type Random } from './random.ts';

/** Wrong clocks are wrong by up to ten minutes. */
export const SKEW_MS = 600_000;

/** One in so many seeds is a fleet of 1,000 holders, and in so many one of 64 to 256. */
const HUGE_EVERY = 1_000;
const LARGE_EVERY = 50;

/** The run of a seed; everything about it follows from the number. */
export function configurationOf(number: number): SimulationOptions {
  const random = randomOf(`configuration ${number}`);
  const { kind, holders, durationMs, callsPerS } = sizeOf(number, random);
  const windows = pick(random, ['day', 'day', 'closing', 'rolling'] as const);
  const faults = pick(random, ['storm', 'storm', 'storm', 'realistic', 'none'] as const);
  const mode = random.chance(0.2) ? 'direct' : 'leased';
  const journals = pick(random, ['all', 'none', 'half'] as const);
  const routing = pick(random, ['random', 'sticky'] as const);
  return {
    name: `${kind}, ${mode}, faults ${faults}, windows ${windows}, journals ${journals}`,
    seed: `${number}`,
    holders,
    durationMs,
    callsPerS,
    customers: 1 + random.below(4 * holders + 10),
    features: 1 + random.below(6),
    models: 1 + random.below(4),
    routing,
    policy: { mode },
    journals,
    faults: FAULTS[faults](holders),
    skewMs: pick(random, [SKEW_MS, SKEW_MS, 5_000]),
    windows,
    capPart: random.between(0.2, 1.2),
    customerPart: random.between(0.05, 0.6),
  };
}

const FAULTS = {
  storm,
  realistic,
  none: (): FaultRates => ({ ...NO_FAULTS, unknownBills: UNKNOWN_BILLS }),
};

function sizeOf(number: number, random: Random) {
  if (number % HUGE_EVERY === HUGE_EVERY - 1) {
    return { kind: 'huge', holders: 1_000, durationMs: 4_000, callsPerS: 1 };
  }
  if (number % LARGE_EVERY === LARGE_EVERY - 1) {
    return { kind: 'large', holders: 64 + random.below(193), durationMs: 5_000, callsPerS: 1 };
  }
  const durationMs = 6_000 + random.below(8_000);
  return { kind: 'small', holders: 1 + random.below(8), durationMs, callsPerS: 2 };
}

function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[random.below(choices.length)]!;
}
