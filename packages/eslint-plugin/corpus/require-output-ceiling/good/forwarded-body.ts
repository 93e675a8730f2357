// The body is the caller's, and so is its ceiling.
import type OpenAI from 'openai';

export async function main(
  client: OpenAI,
  body: OpenAI.Responses.ResponseCreateParamsNonStreaming,
): Promise<unknown> {
  return client.responses.create(body);
}
