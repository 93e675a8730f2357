/** A mixed load on OpenAI's SDK: chat and responses, streamed or not, and embeddings. */
import OpenAI from 'openai';
import { BudgetGuard, wrapOpenAI } from '../../../src/index.ts';
import { around, load, one, proseOf, someCustomer } from './load.ts';

const guard = new BudgetGuard({ caps: [] });
const openai = wrapOpenAI(new OpenAI({ maxRetries: 0 }), guard);

await load('openai mixed', async (random) => {
  const kind = one(random, ['chat', 'chat', 'responses', 'responses', 'embeddings'] as const);
  const text = proseOf(random, around(random, 1_200, 0.6));
  const stream = random.below(2) === 0;
  await guard.run({ customer: someCustomer(random), feature: kind }, async () => {
    switch (kind) {
      case 'chat': {
        const messages = [{ role: 'user' as const, content: text }];
        const body = { model: 'gpt-4o', max_completion_tokens: 600, messages, stream };
        const answer = await openai.chat.completions.create(body);
        if ('controller' in answer) for await (const chunk of answer) void chunk;
        return;
      }
      case 'responses': {
        const model = one(random, ['gpt-4.1', 'gpt-4.1-mini']);
        const body = { model, max_output_tokens: 800, input: text, stream };
        const answer = await openai.responses.create(body);
        if ('controller' in answer) for await (const event of answer) void event;
        return;
      }
      case 'embeddings':
        await openai.embeddings.create({ model: 'text-embedding-3-small', input: text });
    }
  });
});
