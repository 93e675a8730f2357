import type { Tokens } from '../units/count.ts';
import type { FeeKind, ServiceTier, TokenClass } from '../meter/usage.ts';

/**
 * The most that one attempt can be billed, in counts. Proven, never guessed: what cannot be bounded
 * is refused instead.
 */
export interface UsageBound {
  /** Every input-side token, whatever its class. */
  readonly inputTokens: Tokens;
  /** Every output-side token over all choices, reasoning included. */
  readonly outputTokens: Tokens;
  /** Classes that input tokens may be billed as; priced at the dearest of them. */
  readonly inputClasses: readonly TokenClass[];
  /** Classes that output tokens may be billed as; priced at the dearest of them. */
  readonly outputClasses: readonly TokenClass[];
  readonly fees: Readonly<Partial<Record<FeeKind, number>>>;
  /** Tiers at which the provider may serve it; priced at the dearest of them. */
  readonly serviceTiers: readonly ServiceTier[];
  readonly mayBeFast: boolean;
  /** Regions with an uplift in which it may run; priced at the dearest of them. */
  readonly geos: readonly string[];
  /**
   * Whether the provider may sample more than once, or bill by the piece. Then nothing that a
   * broken-off answer has reported is final, its input as little as its output.
   */
  readonly maySampleAgain: boolean;
}

/** A request that cannot be bounded, and what would make it boundable. */
export interface Unbounded {
  readonly kind: 'unbounded';
  /** The feature, as the request names it: `previous_response_id`. */
  readonly feature: string;
  /** The option that allows it by saying how to bound it. */
  readonly optIn: string;
  readonly reason: string;
}

/** What a model can take and give; from its price card. `undefined` means not known. */
export interface ModelLimits {
  /** Context window: input and output together, or input alone where the provider says so. */
  readonly inputTokensMax: Tokens | undefined;
  readonly outputTokensMax: Tokens | undefined;
}
