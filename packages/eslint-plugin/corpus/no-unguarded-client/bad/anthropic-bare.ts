// An Anthropic client that no guard wraps.
import Anthropic from '@anthropic-ai/sdk';

export async function main(): Promise<unknown> {
  const client = new Anthropic(); // ! no-unguarded-client
  return client.messages.create({
    model: 'claude-opus-4-5',
    max_tokens: 200,
    messages: [{ role: 'user', content: 'Hello' }],
  });
}
