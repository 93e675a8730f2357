/** A chat application on Anthropic's SDK: two features, two models, every third answer streamed. */
import Anthropic from '@anthropic-ai/sdk';
import { BudgetGuard, wrapAnthropic } from '../../../src/index.ts';
import { around, load, proseOf, someCustomer } from './load.ts';

const guard = new BudgetGuard({ caps: [] });
const anthropic = wrapAnthropic(new Anthropic({ maxRetries: 0 }), guard);

await load('anthropic chat', async (random) => {
  const isChat = random.below(10) < 7;
  const feature = isChat ? 'chat' : 'search';
  const body = {
    model: isChat ? 'claude-sonnet-4-6' : 'claude-haiku-4-5',
    max_tokens: isChat ? 1_024 : 256,
    system: 'You answer questions of customers, briefly and to the point.',
    messages: [
      {
        role: 'user' as const,
        content: proseOf(random, around(random, isChat ? 900 : 2_000, 0.5)),
      },
    ],
  };
  const isStream = random.below(3) === 0;
  await guard.run({ customer: someCustomer(random), feature }, async () => {
    if (!isStream) return void (await anthropic.messages.create(body));
    for await (const event of anthropic.messages.stream(body)) void event;
  });
});
