// The ceiling of the other endpoint has another name, and is ignored here.
import type OpenAI from 'openai';

export async function main(client: OpenAI, input: string): Promise<unknown> {
  const body = { model: 'gpt-5', input, max_completion_tokens: 100 };
  return client.responses.create(body); // ! require-output-ceiling
}
