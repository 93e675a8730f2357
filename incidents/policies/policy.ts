import type { PlannedCall, Play } from '../replay/play.ts';
import type { Clients } from '../replay/wire.ts';

/** The one shape of `fetch`. */
export type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** What a policy finds when a run begins. */
export interface Stage {
  readonly play: Play;
  /** Clients of the emulator over this `fetch`, with nothing before it. */
  readonly clients: (fetch: Fetch) => Clients;
  /** Sends, and tells the oracle. */
  readonly base: Fetch;
  readonly callOf: (init: RequestInit | undefined) => CallContext;
  readonly now: () => number;
  /** How often the process has been restarted. */
  readonly life: number;
  /** A folder for files that outlive the process. */
  readonly folder: string;
}

/** Which call a request belongs to. */
export interface CallContext {
  readonly call: PlannedCall;
  /** Its number in the run. */
  readonly id: number;
  /** The instance that makes it: `sub-2/grandchild-3`. */
  readonly instance: string;
}

/** A policy at work. */
export interface Session {
  readonly clients: Clients;
  /** Runs an actor's own part: with these scopes around it. */
  readonly within: <T>(scopes: Readonly<Record<string, string>>, fn: () => T) => T;
  /** The closing call of a run that was stopped. */
  readonly asWrapUp: <T>(fn: () => T) => T;
  /** Ends the scope of the run: nothing new may leave. */
  readonly closeRun: () => Promise<void>;
  /** Loses what the store last took in. */
  readonly rollBack: () => void;
  readonly openHolds: () => number;
  readonly close: () => Promise<void>;
}

/** One way of holding spend back. */
export interface Policy {
  readonly name: PolicyName;
  readonly open: (stage: Stage) => Session;
}

/** Every policy, baselines first. */
export const POLICY_NAMES = [
  'none',
  'check-then-record',
  'post-call',
  'mutex-full-ceiling',
  'fixed-split',
  'hardcap',
  'hardcap+strategies',
] as const;

/** A policy's name in tables and files. */
export type PolicyName = (typeof POLICY_NAMES)[number];
