// A response with its ceiling, from a constant.
import type OpenAI from 'openai';

const MAX_OUTPUT_TOKENS = 500;

export async function main(client: OpenAI, input: string): Promise<unknown> {
  const body = { model: 'gpt-5', input, max_output_tokens: MAX_OUTPUT_TOKENS };
  return client.responses.create(body);
}
