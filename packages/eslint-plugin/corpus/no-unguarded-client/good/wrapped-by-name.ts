// The raw client has a name, which only the wrapping uses.
import OpenAI from 'openai';
import { type Guard, wrapOpenAI } from 'hardcap';

export async function main(guard: Guard): Promise<unknown> {
  const raw = new OpenAI({ maxRetries: 1 });
  const client = wrapOpenAI(raw, guard);
  return client.responses.create({ model: 'gpt-5', max_output_tokens: 50, input: 'Hello' });
}
