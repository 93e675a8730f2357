// What is spread into the body has no ceiling either.
import type OpenAI from 'openai';

const defaults = { model: 'gpt-5', temperature: 0 };

export async function main(client: OpenAI, input: string): Promise<unknown> {
  return client.responses.create({ ...defaults, input }); // ! require-output-ceiling
}
