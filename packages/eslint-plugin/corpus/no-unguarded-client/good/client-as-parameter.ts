// Whoever calls decides which client it is; a type is no client.
import type Anthropic from '@anthropic-ai/sdk';

export async function main(client: Anthropic): Promise<unknown> {
  return client.models.list();
}
