// `.catch` turns a refusal into an empty answer.
import type OpenAI from 'openai';

export async function main(client: OpenAI): Promise<unknown> {
  const body = { model: 'gpt-5', max_output_tokens: 50, input: 'Hello' };
  return client.responses.create(body).catch(() => null); // ! no-swallowed-cap-error
}
