// A response without `max_output_tokens`.
import type OpenAI from 'openai';

export async function main(client: OpenAI): Promise<unknown> {
  return client.responses.create({ model: 'gpt-5', input: 'Hello' }); // ! require-output-ceiling
}
