/** The runs of the page on leases: which fleets, under which policies. */

import type { LeasePolicy } from '../../src/ledger/leases/policy.ts';
import {
  NO_FAULTS,
  UNKNOWN_BILLS,
  realistic,
  storm,
  type SimulationOptions,
} from '../../test/simulation/options.ts';
import type { Plant } from '../../test/simulation/planted.ts';
import { oneLedger } from './one-ledger.ts';
import { staticSplit } from './static-split.ts';

/** One row of a table: the same fleet with one thing changed. */
export interface Study {
  readonly title: string;
  readonly options: SimulationOptions;
  /** Makes what is in the place of the ledgers, anew for each run. */
  readonly plant?: () => Plant;
}

const SKEW_MS = 3_000;

const FLEET: Omit<SimulationOptions, 'name' | 'seed'> = {
  holders: 16,
  durationMs: 20_000,
  callsPerS: 50,
  customers: 500,
  features: 20,
  models: 10,
  routing: 'random',
  policy: {},
  journals: 'all',
  faults: NO_FAULTS,
  skewMs: SKEW_MS,
  windows: 'day',
  capPart: 0.8,
  customerPart: 1,
};

/** Policies that are compared, one change each. */
const POLICIES: readonly { readonly title: string; readonly policy: Partial<LeasePolicy> }[] = [
  { title: 'direct: every call asks', policy: { mode: 'direct' } },
  { title: '**leased: the default**', policy: {} },
  { title: 'without waiting for a recall', policy: { recallWaitMs: 1 } },
  { title: 'without the memory of a refusal', policy: { refusedMs: 1 } },
  { title: 'refunds where it is scarce back at once', policy: { refundMs: 1 } },
  { title: 'refunds back after 50 ms', policy: { refundMs: 50 } },
  { title: 'refunds back with the heartbeat', policy: { refundMs: 1_000 } },
  { title: 'a heartbeat of 250 ms', policy: { heartbeatMs: 250 } },
  { title: 'stocks filled up at once', policy: { refillMs: 1 } },
  { title: 'slices for 0.5 s', policy: { horizonMs: 500 } },
  { title: 'slices for 8 s', policy: { horizonMs: 8_000 } },
  { title: 'at least twice the need', policy: { wantTimes: 2 } },
  { title: 'at least 64 times the need', policy: { wantTimes: 64 } },
  { title: 'idle slices back after 1 s', policy: { idleMs: 1_000 } },
  { title: 'idle slices back after 15 s', policy: { idleMs: 15_000 } },
];

/** Policies side by side: where the global cap binds, or where those of customers do. */
export function policyStudies(binds: 'global' | 'customers'): readonly Study[] {
  const caps =
    binds === 'global' ? { capPart: 0.8, customerPart: 1 } : { capPart: 1.3, customerPart: 0.02 };
  const row = (title: string, policy: Partial<LeasePolicy>): Study => {
    const name = `${title}, ${binds}`;
    return { title, options: { ...FLEET, ...caps, policy, name, seed: binds } };
  };
  return [
    { ...row(PERFECT, {}), plant: oneLedger },
    ...POLICIES.map(({ title, policy }) => row(title, policy)),
    { ...row('a fixed share for each process', {}), plant: () => staticSplit(FLEET.holders) },
  ];
}

/** What is free in truth and not by the books, while bills are awaited. */
export function billStudies(): readonly Study[] {
  const faults = { ...NO_FAULTS, unknownBills: UNKNOWN_BILLS };
  return policyStudies('global')
    .slice(0, 3)
    .map((study) => ({ ...study, options: { ...study.options, faults } }));
}

/** What the default costs in messages, by the size of the fleet and the way calls are routed. */
export function routingStudies(): readonly Study[] {
  const sizes = [
    { holders: 16, callsPerS: 50, customers: 500, durationMs: 30_000 },
    { holders: 16, callsPerS: 500, customers: 500, durationMs: 10_000 },
    { holders: 16, callsPerS: 1_000, customers: 3_000, durationMs: 10_000 },
    { holders: 64, callsPerS: 1_000, customers: 12_000, durationMs: 5_000 },
    { holders: 1_000, callsPerS: 20, customers: 20_100, durationMs: 8_000 },
  ];
  return sizes.flatMap((size) =>
    (['random', 'sticky'] as const).map((routing): Study => {
      const { holders, callsPerS, customers } = size;
      const title = `${holders} processes, ${callsPerS} calls/s each, ${customers} customers, ${routing}`;
      const never = { capPart: 2, customerPart: 1 };
      return { title, options: { ...FLEET, ...size, ...never, routing, name: title, seed: title } };
    }),
  );
}

/** What is stranded after crashes, with and without journals. */
export function faultStudies(): readonly Study[] {
  const holders = 32;
  const fleet = { ...FLEET, holders, callsPerS: 20, customers: 200 };
  const faults = [
    { named: 'storm', rates: storm(holders) },
    { named: 'realistic', rates: realistic(holders) },
  ];
  return faults.flatMap(({ named, rates }) =>
    [
      { title: 'leased, journal', changed: { journals: 'all' as const } },
      { title: 'leased, no journal', changed: { journals: 'none' as const } },
      { title: 'direct, no journal', changed: { journals: 'none' as const, policy: DIRECT } },
    ].map(({ title, changed }): Study => {
      const options = { ...fleet, ...changed, faults: rates, name: `${named}, ${title}` };
      return { title: `${named}: ${title}`, options: { ...options, seed: named } };
    }),
  );
}

const PERFECT = 'one ledger for all, asked in no time';
const DIRECT: Partial<LeasePolicy> = { mode: 'direct' };
