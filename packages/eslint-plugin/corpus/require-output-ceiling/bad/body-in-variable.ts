// The body is in a variable, whose type shows that nothing is named.
import type OpenAI from 'openai';

export async function main(client: OpenAI): Promise<unknown> {
  const body = { model: 'gpt-5', input: 'Hello', temperature: 0 };
  return client.responses.create(body); // ! require-output-ceiling
}
