// The second callback of `then` drops every error.
import type OpenAI from 'openai';

export async function main(client: OpenAI): Promise<string> {
  const body = { model: 'gpt-5', max_output_tokens: 50, input: 'Hello' };
  return client.responses.create(body).then((answer) => answer.output_text, () => ''); // ! no-swallowed-cap-error
}
