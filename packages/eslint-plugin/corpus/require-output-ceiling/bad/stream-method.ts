// The `stream` method takes the same body.
import type OpenAI from 'openai';

export async function main(client: OpenAI): Promise<unknown> {
  return client.responses.stream({ model: 'gpt-5', input: 'Hello' }).finalResponse(); // ! require-output-ceiling
}
