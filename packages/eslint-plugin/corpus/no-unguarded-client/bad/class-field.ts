// A class makes its own client.
import Anthropic from '@anthropic-ai/sdk';

export class Writer {
  readonly #client = new Anthropic(); // ! no-unguarded-client

  async write(content: string): Promise<unknown> {
    const messages = [{ role: 'user' as const, content }];
    return this.#client.messages.create({ model: 'claude-opus-4-5', max_tokens: 200, messages });
  }
}
