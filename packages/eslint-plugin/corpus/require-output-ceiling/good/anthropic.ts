// In the body of a message the type requires `max_tokens`.
import type Anthropic from '@anthropic-ai/sdk';

export async function main(client: Anthropic, content: string): Promise<unknown> {
  const messages = [{ role: 'user' as const, content }];
  return client.messages.create({ model: 'claude-opus-4-5', max_tokens: 100, messages });
}
