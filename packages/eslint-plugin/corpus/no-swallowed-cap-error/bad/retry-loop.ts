// Every error is tried again, a refusal too.
import type OpenAI from 'openai';

export async function main(client: OpenAI): Promise<string> {
  for (;;) {
    try {
      const body = { model: 'gpt-5', max_output_tokens: 50, input: 'Hello' };
      return (await client.responses.create(body)).output_text;
    } catch (error) { // ! no-swallowed-cap-error
      console.warn('again', error);
    }
  }
}
