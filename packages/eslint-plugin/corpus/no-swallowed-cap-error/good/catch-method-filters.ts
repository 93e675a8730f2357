// `.catch` throws the refusal on and drops the rest.
import type OpenAI from 'openai';
import { BudgetCapError } from 'hardcap';

export async function main(client: OpenAI): Promise<unknown> {
  const body = { model: 'gpt-5', max_output_tokens: 50, input: 'Hello' };
  return client.responses.create(body).catch((error: unknown) => {
    if (error instanceof BudgetCapError) throw error;
    return undefined;
  });
}
