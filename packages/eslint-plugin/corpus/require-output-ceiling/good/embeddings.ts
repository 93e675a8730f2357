// An embedding has no output to bound.
import type OpenAI from 'openai';

export async function main(client: OpenAI, input: string): Promise<unknown> {
  return client.embeddings.create({ model: 'text-embedding-3-small', input });
}
