// An empty catch around a call that a cap may refuse.
import type Anthropic from '@anthropic-ai/sdk';

export async function main(client: Anthropic, body: Anthropic.MessageCreateParamsNonStreaming) {
  try {
    return await client.messages.create(body);
  } catch { // ! no-swallowed-cap-error
    return undefined;
  }
}
