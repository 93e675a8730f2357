// A refusal is answered by the same call on another model, past the caps.
import type OpenAI from 'openai';

export async function main(client: OpenAI, spare: OpenAI): Promise<unknown> {
  const body = { model: 'gpt-5', max_output_tokens: 50, input: 'Hello' };
  try {
    return await client.responses.create(body);
  } catch (error) { // ! no-swallowed-cap-error
    return spare.responses.create({ ...body, model: 'gpt-5-mini' });
  }
}
