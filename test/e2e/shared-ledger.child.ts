/**
 * A process that spends from a shared ledger and never closes it: one call that is settled, then one
 * that never ends. Says on its standard output how far it is.
 */

import Anthropic from '@anthropic-ai/sdk';
import { BudgetGuard, wrapAnthropic, type BudgetGuardConfig } from '../../src/index.ts';
import { openSqliteLedger } from '../../src/open/sqlite.ts';

const [path = '', url = '', config = '{}'] = process.argv.slice(2);
const ledger = openSqliteLedger({ path });
const guard = new BudgetGuard(JSON.parse(config) as BudgetGuardConfig, { ledger });
const client = wrapAnthropic(new Anthropic({ apiKey: 'x', baseURL: url, maxRetries: 0 }), guard);

let held = 0;
guard.on('reserved', ({ id, held_nano_usd: bound }) => {
  held += 1;
  if (held === 2) process.stdout.write(`${JSON.stringify({ holder: ledger.holder, id, bound })}\n`);
});

const messages = [{ role: 'user' as const, content: 'Hello' }];
const call = { model: 'claude-sonnet-4-6', max_tokens: 100, messages };
await client.messages.create(call);
await client.messages.create(call);
