// A stream is billed to its end as well.
import type OpenAI from 'openai';

export async function main(client: OpenAI, content: string): Promise<void> {
  const messages = [{ role: 'user' as const, content }];
  const stream = await client.chat.completions.create({ model: 'gpt-5', messages, stream: true }); // ! require-output-ceiling
  for await (const chunk of stream) console.log(chunk.choices[0]?.delta.content);
}
