import type { Dimension } from '../simulate/traffic.ts';

/** A call that a cap said no to, or that would have been refused for another reason. */
export interface RefusedCall {
  /** Its place in the recording, from 1. */
  readonly call: number;
  /** ISO 8601 in UTC. */
  readonly at: string;
  readonly model: string;
  readonly scopes: Readonly<Record<string, readonly string[]>>;
  /** The cap that bound it; `null`: no cap is the cause. */
  readonly cap_id: string | null;
  /** The account that had too little room: `'global'` or `'<dimension>:<value>'`. */
  readonly scope: string | null;
  readonly window: string | null;
  /** The code of its error where no cap is the cause. */
  readonly code: string | null;
  /** Whether the cap only watches: the call went all the same. */
  readonly is_observed: boolean;
  readonly billed_nano_usd: number;
}

/** The account of a cap that was filled most, at that moment: what had settled in its window. */
export interface MostUsed {
  readonly scope: string;
  /** From 0; above 1 where a call was dearer than its bound. */
  readonly used_share: number;
  readonly used_of: 'usd' | 'tokens' | 'calls';
  /** Nano-dollars, tokens or calls, as `used_of` says. */
  readonly spent: number;
  readonly cap: number;
}

/** What became of one cap. */
export interface ReplayedCap {
  readonly cap_id: string;
  readonly window: string;
  readonly is_observed: boolean;
  /** Calls that it said no to. */
  readonly refused_calls: number;
  /** `null`: none. */
  readonly first_refused: Pick<RefusedCall, 'call' | 'at' | 'scope'> | null;
  /** `null`: nothing settled on it. */
  readonly most_used: MostUsed | null;
}

/** The calls of one customer, feature or model. */
export interface ReplayedGroup {
  readonly dimension: Dimension;
  readonly value: string;
  readonly calls: number;
  readonly refused_calls: number;
  readonly billed_nano_usd: number;
  readonly under_caps_nano_usd: number;
}

/** Everything that `hardcap replay` answers, as its `--json`. Money in whole nano-dollars. */
export interface ReplayAnswer {
  readonly kind: 'hardcap-replay';
  readonly version: 1;
  /** The file. */
  readonly source: string;
  /** When the recording begins and its last call is made, ISO 8601 in UTC. */
  readonly from: string;
  readonly to: string;
  readonly calls: number;
  readonly refused_calls: number;
  /** Calls that were changed so that they fit. */
  readonly adapted_calls: number;
  /** What was billed, by the price book. */
  readonly billed_nano_usd: number;
  /** What would have been. */
  readonly under_caps_nano_usd: number;
  /** By dimension, the dearest first. */
  readonly groups: readonly ReplayedGroup[];
  /** Every cap of the configuration, the one with most refusals first. */
  readonly caps: readonly ReplayedCap[];
  /** In the order of their instants. */
  readonly refusals: readonly RefusedCall[];
  /** What the figures rest on and do not say by themselves. */
  readonly notes: readonly string[];
}
