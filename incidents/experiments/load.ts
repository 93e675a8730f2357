import { Seeded } from '../replay/seeded.ts';
import { proseOf } from '../replay/text.ts';
import type { Clients } from '../replay/wire.ts';
import type { EmulatedRequest, Reply } from '../../src/emulator/emulator.ts';

/** One call of a mixed load. */
export interface LoadCall {
  readonly model: string;
  readonly api: 'messages' | 'chat' | 'responses';
  readonly feature: string;
  readonly isStream: boolean;
  readonly promptTokens: number;
  readonly ceiling: number;
  /** What the model writes if nothing cuts it. */
  readonly answer: number;
}

/** What one feature of an application asks for. */
export interface Feature {
  readonly name: string;
  readonly prompt: readonly [number, number];
  readonly ceiling: number;
  /** Median length of its answers, and how far they scatter: the sigma of a log-normal. */
  readonly median: number;
  readonly sigma: number;
}

const MODELS: readonly (readonly [string, readonly LoadCall['api'][]])[] = [
  ['claude-sonnet-4-6', ['messages']],
  ['claude-haiku-4-5', ['messages']],
  ['gpt-4o', ['chat', 'responses']],
  ['gpt-4.1', ['chat', 'responses']],
  ['gpt-4o-mini', ['chat', 'responses']],
];

/** A load of mixed models, sizes, APIs and streams, from a seed. */
export class Load {
  readonly #seeded: Seeded;
  readonly #features: readonly Feature[];

  constructor(features: readonly Feature[], seed: number, name: string) {
    this.#features = features;
    this.#seeded = new Seeded(seed, `load ${name}`);
  }

  next(): LoadCall {
    const feature = this.#pick(this.#features);
    const [model, apis] = this.#pick(MODELS);
    const [least, most] = feature.prompt;
    const length = Math.round(feature.median * Math.exp(feature.sigma * this.#normal()));
    return {
      model,
      api: this.#pick(apis),
      feature: feature.name,
      isStream: this.#seeded.below(2) === 1,
      promptTokens: least + this.#seeded.below(most - least + 1),
      ceiling: feature.ceiling,
      answer: Math.max(1, Math.min(feature.ceiling - 1, length)),
    };
  }

  #pick<T>(from: readonly T[]): T {
    const found = from[this.#seeded.below(from.length)];
    if (found === undefined) throw new RangeError('There is nothing to pick from');
    return found;
  }

  /** Box and Muller. */
  #normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.#seeded.next()));
    return radius * Math.cos(2 * Math.PI * this.#seeded.next());
  }
}

const ANSWER_HEADER = 'x-load-answer';

/** Answers as long as the call said that they are. */
export function loadReply({ headers }: EmulatedRequest): Reply {
  return { outputTokens: Number(headers[ANSWER_HEADER] ?? 1) };
}

const FRAMING_TOKENS = 6;

/** Makes the call through its SDK and reads the answer to its end; whether it was cut. */
export async function sendLoad({ anthropic, openai }: Clients, call: LoadCall): Promise<boolean> {
  const { model, ceiling, isStream } = call;
  const options = { headers: { [ANSWER_HEADER]: String(call.answer) } };
  const content = proseOf(call.promptTokens - FRAMING_TOKENS);
  const messages = [{ role: 'user' as const, content }];
  switch (call.api) {
    case 'messages': {
      const body = { model, max_tokens: ceiling, messages };
      if (!isStream) {
        return (await anthropic.messages.create(body, options)).stop_reason === 'max_tokens';
      }
      const events = await anthropic.messages.create({ ...body, stream: true }, options);
      let isCut = false;
      for await (const event of events) {
        if (event.type === 'message_delta') isCut = event.delta.stop_reason === 'max_tokens';
      }
      return isCut;
    }
    case 'chat': {
      const body = { model, max_completion_tokens: ceiling, messages };
      if (!isStream) {
        const { choices } = await openai.chat.completions.create(body, options);
        return choices[0]?.finish_reason === 'length';
      }
      const asked = { ...body, stream: true as const, stream_options: { include_usage: true } };
      let isCut = false;
      for await (const { choices } of await openai.chat.completions.create(asked, options)) {
        isCut ||= choices[0]?.finish_reason === 'length';
      }
      return isCut;
    }
    case 'responses': {
      const body = { model, max_output_tokens: ceiling, input: content };
      if (!isStream) {
        return (await openai.responses.create(body, options)).status === 'incomplete';
      }
      let isCut = false;
      for await (const { type } of await openai.responses.create(
        { ...body, stream: true },
        options,
      ))
        isCut ||= type === 'response.incomplete';
      return isCut;
    }
    default:
      return call.api satisfies never;
  }
}
