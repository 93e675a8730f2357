// The ceiling is set in a statement of its own.
// hard: needs to follow assignments to a property.
import type OpenAI from 'openai';

export async function main(client: OpenAI, input: string): Promise<unknown> {
  const body: OpenAI.Responses.ResponseCreateParamsNonStreaming = { model: 'gpt-5', input };
  body.max_output_tokens = 100;
  return client.responses.create(body);
}
