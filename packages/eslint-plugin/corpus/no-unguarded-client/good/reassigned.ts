// The variable holds the guarded client from the second statement on.
import OpenAI from 'openai';
import { type Guard, wrapOpenAI } from 'hardcap';

export async function main(guard: Guard): Promise<unknown> {
  let client = new OpenAI();
  client = wrapOpenAI(client, guard);
  return client.responses.create({ model: 'gpt-5', max_output_tokens: 50, input: 'Hello' });
}
