// A guard bounds a call by what it names; a wrapped client needs the ceiling too.
import OpenAI from 'openai';
import { type Guard, wrapOpenAI } from 'hardcap';

export async function main(guard: Guard, input: string): Promise<unknown> {
  const client = wrapOpenAI(new OpenAI(), guard);
  return client.responses.create({ model: 'gpt-5', input }); // ! require-output-ceiling
}
