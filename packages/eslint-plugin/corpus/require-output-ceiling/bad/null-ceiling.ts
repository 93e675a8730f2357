// `null` means no ceiling.
import type OpenAI from 'openai';

export async function main(client: OpenAI): Promise<unknown> {
  return client.chat.completions.create({ // ! require-output-ceiling
    model: 'gpt-5',
    max_completion_tokens: null,
    messages: [{ role: 'user', content: 'Hello' }],
  });
}
