import { LearnedRatios } from '../estimate/learned.ts';
import type { TextSizer } from '../estimate/text-bytes.ts';
import { familyFactor, tightSizer } from '../estimate/tight.ts';
import type { Usage } from '../meter/usage.ts';
import type { Quote } from './call.ts';

const OUTPUT = /utput$/;

/** A measure of one model's text, `factor` times (1 or more) what it says by itself. */
export type SizerMaker = (model: {
  readonly provider: string;
  readonly model: string;
  readonly factor: number;
}) => TextSizer;

/**
 * A measure of input text near the true count, raised for a model for good once the provider was
 * seen to count more than it said. An estimate: the provider may count more the first time, and
 * that is booked above the hold.
 */
export class InputMeasure {
  readonly #sizer: SizerMaker;
  readonly #learned = new LearnedRatios();

  constructor(sizer: SizerMaker) {
    this.#sizer = sizer;
  }

  /** The measure for one request to one model. */
  sizerFor(provider: string, model: string): TextSizer {
    return this.#sizer({ provider, model, factor: this.#learned.factor(keyOf(provider, model)) });
  }

  /** Takes in what an attempt was billed beside what its input had been bounded at. */
  observe({ provider, facts, bound }: Quote, usage: Usage): void {
    let input = 0;
    for (const line of usage.lines) {
      for (const [name, count] of Object.entries(line.tokens)) {
        if (!OUTPUT.test(name)) input += count ?? 0;
      }
    }
    const key = keyOf(provider.name, facts.model);
    const realTokens = input * this.#learned.factor(key);
    this.#learned.observe(key, { realTokens, tightTokens: bound.inputTokens });
  }
}

/** Measures by runs of characters, with margins, so that no tokenizer is needed. */
export function tightMeasure(): InputMeasure {
  return new InputMeasure(({ provider, model, factor }) =>
    tightSizer(familyFactor(provider, model) * factor),
  );
}

function keyOf(provider: string, model: string): string {
  return `${provider}/${model}`;
}
