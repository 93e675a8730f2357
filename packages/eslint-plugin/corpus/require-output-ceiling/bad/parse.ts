// The `parse` method takes the same body.
import type OpenAI from 'openai';

export async function main(client: OpenAI): Promise<unknown> {
  return client.chat.completions.parse({ // ! require-output-ceiling
    model: 'gpt-5',
    messages: [{ role: 'user', content: 'Hello' }],
    response_format: { type: 'json_object' },
  });
}
