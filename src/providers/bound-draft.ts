import { BodyTally } from '../estimate/body-tokens.ts';
import type { TextSizer } from '../estimate/text-bytes.ts';
import type { ModelLimits, Unbounded, UsageBound } from '../estimate/usage-bound.ts';
import type { FeeKind, ServiceTier, TokenClass } from '../meter/usage.ts';
import { isCount, tokens, TOKENS_ZERO, type Tokens } from '../units/count.ts';
import type { Assumptions, FeatureBound } from './provider.ts';

/** Something in a request that the request itself does not bound. */
export interface Feature {
  /** The name in messages, and the key under `allow`. */
  readonly name: string;
  readonly reason: string;
  /** What it can add to the bill, so what the user's bound must speak of. */
  readonly adds: 'input' | 'output' | 'both' | 'fee';
  /** Whether the model samples again, so that the added input is not inside one context window. */
  readonly isLoop?: boolean;
  readonly fee?: FeeKind;
  readonly outputClass?: TokenClass;
}

/** A field, tool or content type without a rule: it may cost anything. */
export function unknownFeature(kind: string, name: unknown): Feature {
  return {
    name: typeof name === 'string' ? name.slice(0, FEATURE_CHARS_MAX) : `untyped ${kind}`,
    reason: `no rule says what this ${kind} can cost`,
    adds: 'both',
    isLoop: true,
  };
}

const FEATURE_CHARS_MAX = 120;

/** What the wire format says beside the measured body. */
export interface BoundRest {
  /** Output tokens over all choices of one sampling; `undefined`: not bounded by the request. */
  readonly outputTokens: Tokens | undefined;
  /** Prompts in the request, each with a context window of its own. */
  readonly prompts?: number;
  readonly inputClasses: readonly TokenClass[];
  readonly outputClasses: readonly TokenClass[];
  readonly serviceTiers: readonly ServiceTier[];
  readonly mayBeFast: boolean;
  readonly geos: readonly string[];
}

/**
 * A bound while a request is being read: the measured body, what features add, and the first thing
 * that has no bound.
 */
export class BoundDraft {
  readonly tally: BodyTally;
  readonly limits: ModelLimits;
  /** Tokens of media and of the provider's own prompts. */
  fixedTokens = 0;
  unbounded: Unbounded | undefined = undefined;
  readonly #allow: Assumptions['allow'];
  #isInputFull = false;
  #windowInput = 0;
  #loopInput = 0;
  #addedOutput = 0;
  #uses = 0;
  #samplings = 1;
  #isLooped = false;
  #isOutputPerSampling = false;
  #fees: Partial<Record<FeeKind, number>> | undefined = undefined;
  #outputClasses: TokenClass[] | undefined = undefined;

  constructor(limits: ModelLimits, assumptions: Assumptions, sizer: TextSizer | undefined) {
    this.tally = new BodyTally(sizer);
    this.limits = limits;
    this.#allow = assumptions.allow;
  }

  /** What the user allows for the feature; own keys only, since requests choose the names. */
  allowed(name: string): FeatureBound | undefined {
    return Object.hasOwn(this.#allow, name) ? this.#allow[name] : undefined;
  }

  /** Adds the user's bound for the feature, or refuses it. `uses`: what the request itself says. */
  use(feature: Feature, uses?: number): void {
    const allowed = this.allowed(feature.name);
    if (allowed === undefined) {
      this.refuse(feature, feature.reason);
      return;
    }
    const { adds } = feature;
    if (feature.isLoop === true) this.#isLooped = true;
    if (adds === 'input' || adds === 'both') {
      const most = bounded(allowed.inputTokensMax, this.limits.inputTokensMax);
      if (most === undefined) this.refuse(feature, 'its `allow` gives no `inputTokensMax`');
      else if (feature.isLoop === true) this.#loopInput += most;
      else this.#windowInput += most;
    }
    if (adds === 'output' || adds === 'both') {
      const most = bounded(allowed.outputTokensMax, this.limits.outputTokensMax);
      if (most === undefined) this.refuse(feature, 'its `allow` gives no `outputTokensMax`');
      else this.#addedOutput += most;
      if (feature.outputClass !== undefined) {
        this.#outputClasses = [...(this.#outputClasses ?? []), feature.outputClass];
      }
    }
    if (feature.fee !== undefined) this.#useFee(feature, feature.fee, allowed.usesMax ?? uses);
  }

  /** One item of media whose size is not known: the whole context window, or the user's bound. */
  fill(feature: Feature): void {
    if (this.allowed(feature.name) !== undefined) this.use(feature);
    else if (this.limits.inputTokensMax === undefined) this.refuse(feature, feature.reason);
    else this.#isInputFull = true;
  }

  /**
   * A server tool that samples again after each use: each sampling may read a whole context window.
   * Uses add up over the tools of a request; `samplingsMin` holds whatever the uses.
   */
  loop(options: {
    readonly feature: Feature;
    readonly uses: number;
    readonly samplingsMin: number;
    readonly isOutputPerSampling: boolean;
  }): void {
    if (this.limits.inputTokensMax === undefined) {
      this.refuse(options.feature, 'the context window of the model is not known');
    }
    this.#uses += options.uses;
    this.#samplings = Math.max(this.#samplings, this.#uses + 1, options.samplingsMin);
    this.#isOutputPerSampling = options.isOutputPerSampling;
  }

  addFee(kind: FeeKind, count: number): void {
    this.#fees = { ...this.#fees, [kind]: (this.#fees?.[kind] ?? 0) + count };
  }

  addOutput(count: number): void {
    this.#addedOutput += count;
  }

  /** The first refusal stays. */
  refuse(feature: Pick<Feature, 'name'>, reason: string): void {
    const { name } = feature;
    this.unbounded ??= { kind: 'unbounded', feature: name, optIn: optInOf(name), reason };
  }

  /** Refuses what no option can bound. */
  refuseAlways(name: string, reason: string): void {
    this.unbounded ??= { kind: 'unbounded', feature: name, optIn: 'nothing allows it', reason };
  }

  /** The bound, or the first thing that has none. */
  finish(rest: BoundRest): UsageBound | Unbounded {
    const { fault } = this.tally;
    if (fault !== undefined) this.refuseAlways(fault.feature, fault.reason);
    if (this.unbounded !== undefined) return this.unbounded;
    const inputTokens = tokens(Math.ceil(this.#inputTotal(rest.prompts ?? 1)));
    const outputTokens = tokens(this.#outputTotal(rest.outputTokens ?? 0));
    if (inputTokens === undefined || outputTokens === undefined) {
      this.refuseAlways('body.size', 'its bound is more than 2^53 tokens');
    }
    return (
      this.unbounded ?? {
        inputTokens: inputTokens ?? TOKENS_ZERO,
        outputTokens: outputTokens ?? TOKENS_ZERO,
        inputClasses: rest.inputClasses,
        outputClasses:
          this.#outputClasses === undefined
            ? rest.outputClasses
            : [...rest.outputClasses, ...this.#outputClasses],
        fees: this.#fees ?? NO_FEES,
        serviceTiers: rest.serviceTiers,
        mayBeFast: rest.mayBeFast,
        geos: rest.geos,
        maySampleAgain: this.#isLooped || this.#samplings > 1 || this.#fees !== undefined,
      }
    );
  }

  #outputTotal(perSampling: number): number {
    const samplings = this.#isOutputPerSampling ? this.#samplings : 1;
    return perSampling * samplings + this.#addedOutput;
  }

  #inputTotal(prompts: number): number {
    const measured = this.tally.size + this.fixedTokens + this.#windowInput;
    const most = this.limits.inputTokensMax;
    if (most === undefined) return measured + this.#loopInput;
    const full = most * prompts;
    const isFull = this.#isInputFull || this.#samplings > 1;
    const once = isFull || measured > full ? full : measured;
    return once * this.#samplings + this.#loopInput;
  }

  #useFee(feature: Feature, fee: FeeKind, uses: number | undefined): void {
    if (isCount(uses)) this.addFee(fee, uses);
    else this.refuse(feature, 'each use has a fee, and its `allow` gives no `usesMax`');
  }
}

/** The configuration key that admits the feature. */
export function optInOf(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? `allow.${name}` : `allow[${JSON.stringify(name)}]`;
}

/**
 * The most output tokens of one choice: what the wire says, else the model's, else its whole
 * window.
 */
export function outputCeiling(
  draft: BoundDraft,
  field: string,
  onWire: Tokens | undefined,
): Tokens | undefined {
  if (onWire !== undefined) return onWire;
  const { inputTokensMax, outputTokensMax } = draft.limits;
  const most = outputTokensMax ?? inputTokensMax ?? tokens(draft.allowed(field)?.outputTokensMax);
  if (most === undefined) {
    draft.refuse({ name: field }, 'it is absent and the model has no known output maximum');
  }
  return most;
}

const NO_FEES: UsageBound['fees'] = {};

function bounded(given: number | undefined, most: Tokens | undefined): number | undefined {
  return isCount(given) ? given : most;
}
