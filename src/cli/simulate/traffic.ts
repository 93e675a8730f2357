import type { Usage } from '../../meter/usage.ts';
import type { NanoUsd } from '../../units/money.ts';
import { valueOf, type CallScopes } from './call-scopes.ts';
import { Weights, zipfWeights, type Random } from './random.ts';

/** One call of simulated traffic, with the price of what it will use. */
export interface PlannedCall {
  readonly provider: string;
  readonly route: string;
  readonly model: string;
  readonly scopes: CallScopes;
  readonly bodyBytes: number;
  readonly outputMax: number | undefined;
  readonly usage: Usage;
  readonly cost: NanoUsd;
  /** From the start of its unit to its start, and from there to its answer's end. */
  readonly offsetMs: number;
  readonly durationMs: number;
}

/** Calls that come together: one call by itself, or all of a session. */
export type Unit = readonly PlannedCall[];

/** Something that calls come from. */
export interface Source {
  readonly unitsPerDay: number;
  /** Calls of a unit on average. */
  readonly callsPerUnit: number;
  /** Whether a day has exactly so many units, all from its start; else they come at random. */
  readonly isExact: boolean;
  /** How the day's units are spread over its 24 hours; `undefined`: evenly. */
  readonly hours: Weights | undefined;
  draw(random: Random): Unit;
  /** All units that `draw` chooses from, each as often as any other; `undefined`: endless. */
  readonly units: readonly Unit[] | undefined;
}

/** Everything that is called in a day. */
export interface Traffic {
  readonly sources: readonly Source[];
  /** In whose place other customers come; `undefined`: those of the sources. */
  readonly customers: Customers | undefined;
}

/** Customers that are made up, the first the largest. */
export interface Customers {
  readonly names: readonly string[];
  readonly weights: Weights;
}

/** What forecasts are given by. */
export const DIMENSIONS = ['customer', 'feature', 'model'] as const;

/** One of them. */
export type Dimension = (typeof DIMENSIONS)[number];

/** The group that a call belongs to. */
export function groupOf({ model, scopes }: PlannedCall, dimension: Dimension): string {
  return dimension === 'model' ? model : valueOf(scopes, dimension);
}

/** `customer-001` ... `customer-500`, by Zipf's law. */
export function madeUpCustomers(count: number, skew: number): Customers {
  const digits = String(count).length;
  const names = Array.from(
    { length: count },
    (_, index) => `customer-${String(index + 1).padStart(digits, '0')}`,
  );
  return { names, weights: new Weights(zipfWeights(count, skew)) };
}

/** The same unit as another customer's. */
export function asCustomer(unit: Unit, customer: string): Unit {
  return unit.map((call) => ({ ...call, scopes: { ...call.scopes, customer: [customer] } }));
}

/** Calls a day, on average. */
export function callsPerDay({ sources }: Traffic): number {
  return sources.reduce(
    (sum, { unitsPerDay, callsPerUnit }) => sum + unitsPerDay * callsPerUnit,
    0,
  );
}

/** The same traffic `factor` times; what came exactly as recorded now comes at random. */
export function scaled(traffic: Traffic, factor: number): Traffic {
  const sources = traffic.sources.map((source) => ({
    ...source,
    unitsPerDay: source.unitsPerDay * factor,
    isExact: source.isExact && factor === 1,
  }));
  return { ...traffic, sources };
}
