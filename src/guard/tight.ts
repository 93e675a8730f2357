import { LearnedRatios } from '../estimate/learned.ts';
import type { TextSizer } from '../estimate/text-bytes.ts';
import { familyFactor, tightSizer } from '../estimate/tight.ts';
import type { Usage } from '../meter/usage.ts';
import type { Quote } from './call.ts';

const OUTPUT = /utput$/;

/**
 * The opt-in measure of input text (`inputBound: 'tight'`): near the true count, and raised for a
 * model for good once the provider was seen to count more than it said. An estimate: a tokenizer
 * that nobody has published may count more the first time, and that is booked above the hold.
 */
export class TightMeasure {
  readonly #learned = new LearnedRatios();

  /** The measure for one model. */
  sizerFor(provider: string, model: string): TextSizer {
    return tightSizer(familyFactor(provider, model) * this.#learned.factor(keyOf(provider, model)));
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

function keyOf(provider: string, model: string): string {
  return `${provider}/${model}`;
}
