import { HardcapError } from '../../errors/error.ts';
import type { TokenClass, Usage } from '../../meter/usage.ts';
import type { ReadCallOptions } from '../../policy/call-options.ts';
import type { Expect } from '../../policy/expect.ts';
import type { Policy } from '../../policy/plan.ts';
import type { GuardSettings } from '../../policy/read-config.ts';
import type { PriceBook } from '../../pricing/price-book.ts';
import type { RequestFacts } from '../../providers/provider.ts';
import { tokens, type Tokens } from '../../units/count.ts';
import type { Clock } from '../../units/time.ts';
import type { Call, Quote } from '../call.ts';
import { RecentMap } from '../loops/recent-map.ts';
import { ceilingOf } from '../near-cap/adaptation.ts';
import { quoteFacts, type ProviderAssumptions } from '../quote.ts';
import type { InputMeasure } from '../tight.ts';
import { heldAsExpected, measuredQuote, varyingInput } from './apply.ts';
import type { StepTerms } from './expected.ts';
import { LengthSeries } from './length-series.ts';

/** Kinds of calls whose lengths are kept; the one whose last answer is oldest is forgotten. */
export const KINDS_MAX = 1_024;

/** What is known of one kind of calls. */
interface Kind {
  /** Output tokens of its answers. */
  readonly lengths: LengthSeries;
  /** Millionths of the measure of their input, beyond its fixed overhead, that were counted. */
  readonly inputs: LengthSeries;
}

const newKind = (): Kind => ({ lengths: new LengthSeries(), inputs: new LengthSeries() });

const PARTS_PER_WHOLE = 1_000_000;

/** What expectations need of their guard. */
export interface ExpectationPorts {
  readonly settings: GuardSettings;
  readonly policy: Policy;
  readonly book: PriceBook;
  readonly clock: Clock;
  readonly assumptions: ProviderAssumptions;
  /** How the input of every call is measured, where not by the hard bound. */
  readonly measure: InputMeasure | undefined;
}

/** Who asks, and how. */
export interface Asking {
  readonly call: Call;
  readonly options: ReadCallOptions | undefined;
}

/**
 * What answers are expected to be, learned from those before of the same provider, model and
 * feature.
 *
 * The output ceiling on the wire is lowered to it, so what is held stays a bound; or a stream is
 * held for in steps. A call for which nothing is asked, or which cannot be cut, goes as it is.
 */
export class Expectations {
  readonly #ports: ExpectationPorts;
  readonly #kinds = new RecentMap<Kind>(KINDS_MAX);
  readonly #observe = (quote: Quote, usage: Usage) => this.#learn(quote, usage);

  constructor(ports: ExpectationPorts) {
    this.#ports = ports;
  }

  /** The call as it is to be held for. A configuration without `expect` costs it nothing. */
  apply(quote: Quote, asking: Asking): Quote {
    const expect = this.#termsFor(asking);
    if (expect === undefined || !isPlain(quote)) return quote;
    const isStepped = quote.facts.isStream && expect.stream === 'steps';
    const lowered = isStepped ? undefined : this.#lowered(quote, expect, asking);
    return heldAsExpected(lowered ?? quote, {
      asked: lowered === undefined ? undefined : quote,
      inputPart: this.#inputPart(quote, expect),
      steps: isStepped ? this.#stepsFor(quote, expect, asking) : undefined,
      observe: this.#observe,
    });
  }

  /**
   * Whoever sends by himself may send what he wrote: so what the configuration expects is for calls
   * that go through a client, and for others only what they say themselves.
   */
  #termsFor({ call, options }: Asking): Expect | undefined {
    const configured = call.isSent === true ? this.#ports.settings.expect : undefined;
    const terms = options?.expect ?? configured;
    return terms === false ? undefined : terms;
  }

  #stepsFor(
    { provider, facts }: Quote,
    { stepTokens }: Expect,
    { call, options }: Asking,
  ): StepTerms | undefined {
    const onShort = options?.onStreamShort ?? this.#ports.settings.onStreamShort;
    if (onShort === undefined || call.isSent !== true) return undefined;
    return provider.showsOutput(facts) ? { stepTokens, onShort } : undefined;
  }

  #inputPart(quote: Quote, expect: Expect): number | undefined {
    const inputs = this.#kinds.get(keyOf(quote))?.inputs;
    if (inputs === undefined || inputs.size < expect.samplesMin) return undefined;
    const parts = inputs.upper(expect.quantile);
    return parts === undefined ? undefined : (parts / PARTS_PER_WHOLE) * expect.inputMargin;
  }

  /** The call with the ceiling that is expected to suffice; `undefined`: it keeps its own. */
  #lowered(quote: Quote, expect: Expect, { options }: Asking): Quote | undefined {
    const { settings } = this.#ports;
    const { provider, facts } = quote;
    const mayCut = options?.fitStructured ?? settings.fitStructured;
    if (!mayCut && provider.isCutUnsafe(facts)) return undefined;
    const lengths = this.#kinds.get(keyOf(quote))?.lengths;
    if (lengths === undefined || lengths.size < expect.samplesMin) return undefined;
    const upper = lengths.upper(expect.quantile);
    if (upper === undefined) return undefined;
    const least = provider.outputMin(facts, this.#leastOutput(quote, options));
    const ceiling = tokens(Math.max(least, 1, Math.ceil(upper * expect.margin)));
    if (ceiling === undefined || ceiling >= ceilingOnWire(quote)) return undefined;
    const changed = provider.withOutputMax(facts, ceiling);
    const lowered = changed && this.#requoted(changed, quote, options);
    if (lowered === undefined || lowered instanceof HardcapError) return undefined;
    return lowered.bound.outputTokens < quote.bound.outputTokens ? lowered : undefined;
  }

  /** Changed facts, bounded as the call that they come from. */
  #requoted(
    facts: RequestFacts,
    { provider, scopes, measure }: Quote,
    options: ReadCallOptions | undefined,
  ): Quote | HardcapError {
    const { book, policy, assumptions, clock } = this.#ports;
    const isWrapUp = options?.wrapUp === true;
    const terms = { scopes, at: clock(), book, policy, assumptions, measure, isWrapUp };
    return quoteFacts(provider, facts, terms);
  }

  #leastOutput({ accounts }: Quote, options: ReadCallOptions | undefined): Tokens {
    const { settings, policy } = this.#ports;
    if (options?.minOutputTokens !== undefined) return options.minOutputTokens;
    const ofCaps = accounts.map(({ capId }) => policy.capOf(capId)?.minOutputTokens ?? 0);
    return tokens(Math.max(0, ...ofCaps, settings.minOutputTokens)) ?? settings.minOutputTokens;
  }

  #learn(quote: Quote, usage: Usage): boolean {
    const counts = countsOf(usage);
    if (counts === undefined) return false;
    const isCut = counts.output >= ceilingOnWire(quote);
    const kind = this.#kinds.useWithin(keyOf(quote), newKind);
    kind.lengths.observe(isCut ? 'cut' : counts.output);
    // What one measure says tells nothing of others; the hard one proves, and is not lowered.
    if (quote.measure === undefined || quote.measure !== this.#ports.measure) return isCut;
    const measured = measuredQuote(quote).bound.inputTokens;
    const part = counts.input / varyingInput(measured);
    kind.inputs.observe(Math.ceil(part * PARTS_PER_WHOLE));
    return isCut;
  }
}

/** One sampling with one answer, and a ceiling that bounds it. */
function isPlain({ provider, facts, bound }: Quote): boolean {
  const hasCeiling = provider.outputField(facts) !== undefined;
  return hasCeiling && !bound.maySampleAgain && provider.choices(facts) === 1;
}

function ceilingOnWire(quote: Quote): number {
  return ceilingOf(quote, quote.facts) ?? quote.card.outputTokensMax ?? Infinity;
}

/** Calls whose answers are of a length: the values of `feature` tell one use from another. */
function keyOf({ provider, facts, scopes }: Quote): string {
  return JSON.stringify([provider.name, facts.model, scopes['feature'] ?? []]);
}

const OUTPUT: ReadonlySet<string> = new Set<TokenClass>(['output', 'audioOutput', 'imageOutput']);

/** The counts of one answer of one model; with others in it, which counted what is not known. */
function countsOf({
  lines,
}: Usage): { readonly input: number; readonly output: number } | undefined {
  const [line] = lines;
  if (line === undefined || lines.length > 1) return undefined;
  let [input, output] = [0, 0];
  for (const [name, count] of Object.entries(line.tokens)) {
    if (OUTPUT.has(name)) output += count ?? 0;
    else input += count ?? 0;
  }
  return { input, output };
}
