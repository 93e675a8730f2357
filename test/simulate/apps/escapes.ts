/** Tries every way to a provider that does not ask the environment where it is. */
import https from 'node:https';
import { connect } from 'node:net';
import OpenAI from 'openai';
import { BudgetGuard, guardedFetch } from '../../../src/index.ts';

const message = { role: 'user' as const, content: 'Hello' };
const body = { model: 'gpt-4o-mini', max_tokens: 20, messages: [message] };

const outcomes: Record<string, string> = {};

async function attempt(name: string, fn: () => Promise<unknown>): Promise<void> {
  outcomes[name] = await fn().then(
    () => 'answered',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

await attempt('address in the code', () =>
  new OpenAI({ baseURL: 'https://api.openai.com/v1', apiKey: 'sk-real' }).chat.completions.create(
    body,
  ),
);

await attempt('fetch', async () => {
  const init = { method: 'POST', body: JSON.stringify(body), headers: { 'user-agent': 'x' } };
  const response = await fetch('https://eu.api.openai.com/v1/chat/completions', init);
  if (!response.ok) throw new Error(`status ${response.status}`);
  await response.json();
});

await attempt('guardedFetch', async () => {
  const send = guardedFetch(new BudgetGuard({ caps: [] }));
  const url = `${process.env['OPENAI_BASE_URL']}/chat/completions`;
  const response = await send(url, { method: 'POST', body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`status ${response.status} ${await response.text()}`);
  await response.text();
});

await attempt(
  'https',
  () =>
    new Promise((resolve, reject) => {
      const request = https.request('https://api.anthropic.com/v1/messages', { method: 'POST' });
      request.once('response', resolve).once('error', reject);
      request.end(JSON.stringify(body));
    }),
);

await attempt(
  'net',
  () =>
    new Promise((resolve, reject) => {
      connect(443, 'generativelanguage.googleapis.com', () => resolve(0)).once('error', reject);
    }),
);

const { ANTHROPIC_API_KEY, OPENAI_API_KEY, MISTRAL_API_KEY, HARDCAP_LEDGER, MINE } = process.env;
console.log(
  JSON.stringify({
    outcomes,
    env: { ANTHROPIC_API_KEY, OPENAI_API_KEY, MISTRAL_API_KEY, HARDCAP_LEDGER, MINE },
  }),
);
