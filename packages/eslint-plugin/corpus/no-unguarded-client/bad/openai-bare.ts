// An OpenAI client that no guard wraps.
import OpenAI from 'openai';

export async function main(): Promise<unknown> {
  const client = new OpenAI({ maxRetries: 0 }); // ! no-unguarded-client
  return client.responses.create({ model: 'gpt-5', max_output_tokens: 200, input: 'Hello' });
}
