/** One call of `CALL_MODEL` by a client that nobody wrapped. */
import Anthropic from '@anthropic-ai/sdk';

await new Anthropic({ maxRetries: 0 }).messages
  .create(
    {
      model: process.env['CALL_MODEL'] ?? 'claude-haiku-4-5',
      max_tokens: 400,
      messages: [{ role: 'user', content: 'Hello' }],
      metadata: { user_id: 'user-7' },
    },
    { headers: { 'x-feature': 'plain' } },
  )
  .catch((error: unknown) => console.log(String(error)));
if (process.env['CALL_STAYS'] !== undefined) setInterval(() => undefined, 1_000);
