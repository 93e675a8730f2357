// A log line, and the error goes on.
import type OpenAI from 'openai';

export async function main(client: OpenAI): Promise<string> {
  try {
    const body = { model: 'gpt-5', max_output_tokens: 50, input: 'Hello' };
    return (await client.responses.create(body)).output_text;
  } catch (error) {
    console.error('failed', error);
    throw error;
  }
}
