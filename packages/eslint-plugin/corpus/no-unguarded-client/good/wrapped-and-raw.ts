// A client is wrapped and then called by its first name, under which it is guarded as well.
// It was labelled bad at first, as if the guarded client were another one; the runtime says no.
import OpenAI from 'openai';
import { type Guard, wrapOpenAI } from 'hardcap';

export async function main(guard: Guard): Promise<unknown> {
  const raw = new OpenAI();
  const client = wrapOpenAI(raw, guard);
  await client.models.list();
  return raw.responses.create({ model: 'gpt-5', max_output_tokens: 50, input: 'Hello' });
}
