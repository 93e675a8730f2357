// A field is made of a wrapped client.
import Anthropic from '@anthropic-ai/sdk';
import { type Guard, wrapAnthropic } from 'hardcap';

export class Writer {
  readonly #client: Anthropic;

  constructor(guard: Guard) {
    this.#client = wrapAnthropic(new Anthropic(), guard);
  }

  async write(content: string): Promise<unknown> {
    const messages = [{ role: 'user' as const, content }];
    return this.#client.messages.create({ model: 'claude-opus-4-5', max_tokens: 200, messages });
  }
}
