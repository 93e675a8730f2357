// A chat completion that may answer without end.
import type OpenAI from 'openai';

export async function main(client: OpenAI): Promise<unknown> {
  return client.chat.completions.create({ // ! require-output-ceiling
    model: 'gpt-5',
    messages: [{ role: 'user', content: 'Hello' }],
  });
}
