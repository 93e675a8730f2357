// The refusal says what would fit, and the next call asks for that much.
// hard: a second attempt after a refusal, which the refusal itself allows.
import type OpenAI from 'openai';
import { BudgetCapError } from 'hardcap';

export async function main(client: OpenAI, input: string): Promise<string> {
  const model = 'gpt-5';
  try {
    return (await client.responses.create({ model, input, max_output_tokens: 900 })).output_text;
  } catch (error) {
    if (!(error instanceof BudgetCapError) || error.affordable_output_tokens === null) throw error;
    const max_output_tokens = error.affordable_output_tokens;
    return (await client.responses.create({ model, input, max_output_tokens })).output_text;
  }
}
