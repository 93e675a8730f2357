/**
 * Research runs of several agents: a planner on Anthropic, readers on OpenAI whose context grows with
 * each turn, and a writer who reads everything. Each run is a session.
 */
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { BudgetGuard, wrapAnthropic, wrapOpenAI } from '../../../src/index.ts';
import { around, load, proseOf, someCustomer } from './load.ts';

const guard = new BudgetGuard({ caps: [] });
const anthropic = wrapAnthropic(new Anthropic({ maxRetries: 0 }), guard);
const openai = wrapOpenAI(new OpenAI({ maxRetries: 0 }), guard);

let sessions = 0;

async function ask(agent: string, model: string, content: string): Promise<string> {
  return await guard.run({ agent }, async () => {
    const messages = [{ role: 'user' as const, content }];
    const answer = await anthropic.messages.create({ model, max_tokens: 800, messages });
    return answer.content.map((block) => (block.type === 'text' ? block.text : '')).join('');
  });
}

await load('multi agent', async (random) => {
  const session = `run-${(sessions += 1)}`;
  const scopes = { customer: someCustomer(random), feature: 'research', session, agent: 'planner' };
  await guard.run(scopes, async () => {
    const question = proseOf(random, around(random, 300, 0.5));
    const plan = await ask('planner', 'claude-sonnet-4-6', question);
    const readers = Array.from({ length: 2 + random.below(3) }, (_, index) => `reader-${index}`);
    const found = await Promise.all(
      readers.map((agent) =>
        guard.run({ agent }, async () => {
          const messages: { role: 'user' | 'assistant'; content: string }[] = [
            { role: 'user', content: plan },
          ];
          for (let turn = 1 + random.below(4); turn > 0; turn -= 1) {
            const body = { model: 'gpt-4o-mini', max_completion_tokens: 500, messages };
            const { choices } = await openai.chat.completions.create(body);
            messages.push(
              { role: 'assistant', content: choices[0]?.message.content ?? '' },
              { role: 'user', content: proseOf(random, around(random, 700, 0.4)) },
            );
          }
          return messages.map(({ content }) => content).join('\n');
        }),
      ),
    );
    await ask('writer', 'claude-haiku-4-5', found.join('\n'));
  });
});
