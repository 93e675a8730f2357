// The client is wrapped, and the raw one is used beside it.
import OpenAI from 'openai';
import { type Guard, wrapOpenAI } from 'hardcap';

export async function main(guard: Guard): Promise<unknown> {
  const raw = new OpenAI();
  const client = wrapOpenAI(raw, guard);
  await client.models.list();
  return raw.responses.create({ model: 'gpt-5', max_output_tokens: 50, input: 'Hello' }); // ! no-unguarded-client
}
