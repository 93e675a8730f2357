/** One call of `CALL_MODEL`, by a guard that knows who asks. */
import Anthropic from '@anthropic-ai/sdk';
import { BudgetGuard, wrapAnthropic } from '../../../src/index.ts';

const guard = new BudgetGuard({
  caps: [],
});
const anthropic = wrapAnthropic(new Anthropic(), guard);
const call = {
  model: process.env['CALL_MODEL'] ?? 'claude-haiku-4-5',
  max_tokens: 400,
  messages: [{ role: 'user' as const, content: 'Hello' }],
};
await guard.run({ customer: 'Ångström & Söhne', agent: 'root' }, () =>
  guard.run({ feature: 'chat', agent: 'child' }, () => anthropic.messages.create(call)),
);
process.exitCode = Number(process.env['CALL_EXIT'] ?? 0);
