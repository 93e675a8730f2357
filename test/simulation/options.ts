import type { LeasePolicy } from '../../src/ledger/leases/policy.ts';
import type { Plant } from './planted.ts';

/** How often what goes wrong, in one run. Rates are for the whole fleet and a second. */
export interface FaultRates {
  /** Of each copy of a message, and of each answer. */
  readonly loss: number;
  readonly duplicate: number;
  /** A copy that comes up to a minute later, after newer messages. */
  readonly lateDuplicate: number;
  readonly partitionsPerS: number;
  readonly crashesPerS: number;
  /** Of crashes, those that take the host down with what it had not flushed. */
  readonly rebootPart: number;
  readonly stopsPerS: number;
  /** Of stopped processes, those that somebody takes for dead and closes. */
  readonly presumedDeadPart: number;
  readonly storeStallsPerS: number;
  /** Of records of a journal. */
  readonly journalFailure: number;
  /** Of calls, those of which nobody knows at first what they cost: their bill comes late. */
  readonly unknownBills: number;
}

/** Everything that decides about a run. */
export interface SimulationOptions {
  readonly name: string;
  readonly seed: string;
  readonly holders: number;
  readonly durationMs: number;
  /** Of one process on average; the first ones get more. */
  readonly callsPerS: number;
  readonly customers: number;
  readonly features: number;
  readonly models: number;
  readonly routing: 'random' | 'sticky';
  readonly policy: Partial<LeasePolicy>;
  /** How many of the processes keep a journal. */
  readonly journals: 'all' | 'none' | 'half';
  readonly faults: FaultRates;
  /** Clocks are wrong by up to this, either way. */
  readonly skewMs: number;
  readonly windows: 'day' | 'closing' | 'rolling';
  /** The global cap as a part of what all calls would truly cost; above 1 it never binds. */
  readonly capPart: number;
  /** A customer's cap as a part of the global one. */
  readonly customerPart: number;
  readonly plant?: Plant;
}

/** Nothing goes wrong. */
export const NO_FAULTS: FaultRates = {
  loss: 0,
  duplicate: 0,
  lateDuplicate: 0,
  partitionsPerS: 0,
  crashesPerS: 0,
  rebootPart: 0,
  stopsPerS: 0,
  presumedDeadPart: 0,
  storeStallsPerS: 0,
  journalFailure: 0,
  unknownBills: 0,
};

/** Also where nothing else goes wrong, in the test. */
export const UNKNOWN_BILLS = 0.03;

/** What a fleet lives through in its worst hour, all the time. */
export function storm(holders: number): FaultRates {
  return {
    loss: 0.03,
    duplicate: 0.03,
    lateDuplicate: 0.02,
    partitionsPerS: 0.015 * holders,
    crashesPerS: 0.03 * holders,
    rebootPart: 0.2,
    stopsPerS: 0.01 * holders,
    presumedDeadPart: 0.3,
    storeStallsPerS: 0.03,
    journalFailure: 0.002,
    unknownBills: UNKNOWN_BILLS,
  };
}

/** Faults as a year of operations brings them, in a minute. */
export function realistic(holders: number): FaultRates {
  return {
    ...NO_FAULTS,
    loss: 0.001,
    duplicate: 0.001,
    lateDuplicate: 0.001,
    partitionsPerS: 0.0005 * holders,
    crashesPerS: 0.001 * holders,
    stopsPerS: 0.0005 * holders,
    unknownBills: UNKNOWN_BILLS,
  };
}
