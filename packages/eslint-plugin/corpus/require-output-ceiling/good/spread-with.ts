// The ceiling comes with what is spread into the body.
import type OpenAI from 'openai';

const defaults = { model: 'gpt-5', max_output_tokens: 300 };

export async function main(client: OpenAI, input: string): Promise<unknown> {
  return client.responses.create({ ...defaults, input });
}
