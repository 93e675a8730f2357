// The ceiling is named and then deleted.
// hard: a property that is deleted keeps its type.
import type OpenAI from 'openai';

export async function main(client: OpenAI, input: string): Promise<unknown> {
  const body: OpenAI.Responses.ResponseCreateParamsNonStreaming = { model: 'gpt-5', input };
  body.max_output_tokens = 100;
  delete body.max_output_tokens;
  return client.responses.create(body); // ! require-output-ceiling
}
