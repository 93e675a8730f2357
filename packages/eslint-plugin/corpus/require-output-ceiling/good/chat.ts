// A chat completion with its ceiling.
import type OpenAI from 'openai';

export async function main(client: OpenAI): Promise<unknown> {
  return client.chat.completions.create({
    model: 'gpt-5',
    max_completion_tokens: 200,
    messages: [{ role: 'user', content: 'Hello' }],
  });
}
