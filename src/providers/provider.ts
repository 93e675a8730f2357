import type { Tokens } from '../units/count.ts';
import type { TextSizer } from '../estimate/text-bytes.ts';
import type { ModelLimits, Unbounded, UsageBound } from '../estimate/usage-bound.ts';
import type { Meter } from '../meter/usage.ts';
import type { HardcapError } from '../errors/error.ts';

/** What came off the wire as an object: nothing about it is trusted. */
export type JsonObject = { readonly [key: string]: unknown };

/** What a request to a provider's path is. */
export type Route =
  /**
   * Costs money and has a rule. `name` is the provider's own word: `messages`, `chat.completions`.
   */
  | { readonly kind: 'metered'; readonly name: string }
  /** Costs nothing; passes without a hold. */
  | { readonly kind: 'free'; readonly name: string }
  /** Costs money, or may, and has no rule: refused. */
  | { readonly kind: 'unmetered'; readonly name: string; readonly reason: string };

/**
 * A readable request: what the later steps need to know of it. The body object is never changed.
 */
export interface RequestFacts {
  readonly route: string;
  readonly model: string;
  readonly isStream: boolean;
  readonly body: JsonObject;
  /** The region that the address or the user's assumption fixes; `undefined`: not known. */
  readonly geo?: string;
}

/** A request that cannot be read (`REQUEST_INVALID`): nothing is held. */
export interface Unreadable {
  readonly kind: 'unreadable';
  readonly field: string;
  readonly reason: string;
}

/** What the user fixed about a provider account, so that bounds need not assume the worst. */
export interface Assumptions {
  /** The project's or workspace's own service tier when the request says `auto` or nothing. */
  readonly serviceTier: 'standard' | 'priority' | 'any';
  /**
   * The workspace's default geography when the request says nothing: `global` has no uplift, `any`
   * is unknown.
   */
  readonly geo: string;
  /**
   * Features otherwise refused, and the bound that the user gives for each. See `unbounded` in the
   * configuration.
   */
  readonly allow: Readonly<Record<string, FeatureBound>>;
  /** What is remembered of earlier answers, so that continuing from one has a bound. */
  readonly historyTokens?: HistoryTokens;
}

/** The tokens of a conversation that the provider keeps: all that went in and came out so far. */
export type HistoryTokens = (responseId: string, model: string) => Tokens | undefined;

/** How the user bounds a feature that the request does not bound: at most so much per attempt. */
export interface FeatureBound {
  readonly inputTokensMax?: number;
  readonly outputTokensMax?: number;
  readonly usesMax?: number;
}

/**
 * One provider's wire format, as pure functions. One folder each, same files each: `routes.ts`,
 * `request.ts`, `usage.ts`, `refusal.ts`, joined in `provider.ts`.
 */
export interface Provider {
  readonly name: string;
  /** Hosts that are this provider's own: `api.anthropic.com`. */
  readonly hosts: readonly string[];
  route(request: { readonly method: string; readonly path: string }): Route;
  /** The region that a host of this provider stands for; `undefined`: it stands for none. */
  geoOfHost(hostname: string): string | undefined;
  /**
   * Reads model, stream flag and numbers; refuses what is not JSON, has no model or absurd numbers.
   */
  readRequest(route: string, wire: string): RequestFacts | Unreadable;
  /** The same where the body is already an object and nothing is on the wire yet. */
  readBody(route: string, body: JsonObject): RequestFacts | Unreadable;
  /** The most it can be billed. With a `sizer` other than the hard one, an estimate for `count`. */
  bound(
    facts: RequestFacts,
    limits: ModelLimits,
    assumptions: Assumptions,
    sizer?: TextSizer,
  ): UsageBound | Unbounded;
  /** Whether a later request may continue from the answer to this one by its id alone. */
  keepsHistory(facts: RequestFacts): boolean;
  /** What must be on the wire so that the answer can be metered; `undefined`: nothing to change. */
  amend(facts: RequestFacts): Amendment | undefined;
  meter(facts: RequestFacts, contentType: string): Meter;
  /** The provider's own shape of a final refusal, which no client of its protocol re-sends. */
  refusal(error: HardcapError): RefusalResponse;
  /** Whether the body of an error status is the provider's own word that the request failed. */
  isOwnError(status: number, body: unknown): boolean;
  /**
   * The JSON field of the output ceiling on this route, for `fit`; `undefined` where there is none.
   */
  outputField(facts: RequestFacts): string | undefined;
  /** Output tokens per unit of that field: `n` choices share one ceiling each. */
  choices(facts: RequestFacts): number;
  /**
   * The same request with at most this ceiling in that field, never raised; `undefined` where there
   * is none. The facts that are given stay as they are.
   */
  withOutputMax(facts: RequestFacts, most: Tokens): RequestFacts | undefined;
  /** The same request to another model. The facts that are given stay as they are. */
  withModel(facts: RequestFacts, model: string): RequestFacts;
  /** The least ceiling that leaves so many tokens for the answer itself, beside a fixed budget. */
  outputMin(facts: RequestFacts, answer: Tokens): Tokens;
  /** Whether an answer that is cut at its ceiling is of no use to a program. */
  isCutUnsafe(facts: RequestFacts): boolean;
  /**
   * Whether all that an answer to it is billed for, and no more than it, can be read off its stream
   * as it comes: no hidden reasoning, no further rounds. What is not known to be so is not.
   */
  showsOutput(facts: RequestFacts): boolean;
  /** What the model wrote in one event of its stream; more than that where no rule knows it. */
  outputText(event: JsonObject): string;
  /** The request that counts the input free of charge; `undefined`: there is none for this one. */
  countRequest(facts: RequestFacts): CountRequest | undefined;
}

/** Asks the provider for `{ "input_tokens": n }`, free of charge. */
export interface CountRequest {
  /** Behind the path of the request that is counted. */
  readonly segment: string;
  readonly wire: string;
}

/** A changed body, and which events of the answer exist only because of it. */
export interface Amendment {
  readonly wire: string;
  /** Tells whether an SSE `data:` payload must be hidden from the caller. */
  readonly hides: ((payload: string) => boolean) | undefined;
}

/** A refusal as the provider's own clients read it. */
export interface RefusalResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonObject;
}
