import type { Usage } from '../../meter/usage.ts';
import type { OnStreamShort } from '../../policy/expect.ts';
import type { Tokens } from '../../units/count.ts';
import type { Quote } from '../call.ts';

/** What is expected of the answer to a call. It goes with the quote, however that is made anew. */
export interface Expected {
  /** The call as it was asked for; `undefined`: its ceiling was not lowered. */
  readonly asked: Quote | undefined;
  /** How its stream is held for while it runs; `undefined`: for the whole ceiling. */
  readonly steps: StepTerms | undefined;
  /**
   * The part of its input measure, beyond the fixed overhead, that the provider is expected to
   * count; `undefined`: all of it, and the overhead.
   */
  readonly inputPart: number | undefined;
  /** Takes in how long an answer was; whether it was cut at the ceiling on the wire. */
  readonly observe: (quote: Quote, usage: Usage) => boolean;
}

/** How a stream is held for in steps. */
export interface StepTerms {
  readonly stepTokens: Tokens;
  readonly onShort: OnStreamShort;
}

/** A hold for less than the call can cost, which follows the answer as it comes. */
export interface SteppedHold extends StepTerms {
  /** The bound of the call at its whole ceiling. */
  readonly whole: Pick<Quote, 'bound' | 'amounts'>;
}
