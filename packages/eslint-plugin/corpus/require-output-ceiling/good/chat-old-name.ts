// The older name of the same ceiling.
import type OpenAI from 'openai';

export async function main(client: OpenAI): Promise<unknown> {
  const messages = [{ role: 'user' as const, content: 'Hello' }];
  return client.chat.completions.create({ model: 'gpt-4o', max_tokens: 200, messages });
}
