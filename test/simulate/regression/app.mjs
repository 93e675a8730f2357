/** What a support desk asks of two providers for each ticket: a small application that is tested. */
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

const anthropic = new Anthropic();
const openai = new OpenAI();
/** Who calls is told to the emulator, and to nobody else. */
const isDryRun = process.env.HARDCAP_DRY_RUN_ORIGIN !== undefined;
const as = (feature) =>
  isDryRun ? { headers: { 'x-hardcap-scopes': JSON.stringify({ feature }) } } : {};

const MODEL = 'claude-haiku-4-5';
const SYSTEM = 'You answer customers.';
const TRIES = 1;

async function answer(ticket) {
  const messages = [{ role: 'user', content: ticket }];
  for (let tries = 0; tries < TRIES; tries += 1) {
    const body = { model: MODEL, max_tokens: 600, system: SYSTEM, messages };
    await anthropic.messages.create(body, as('reply'));
  }
  const body = { model: 'gpt-4o-mini', max_completion_tokens: 40, messages };
  await openai.chat.completions.create(body, as('classify'));
}

for (const ticket of ['My order is late.', 'I want a refund.', 'How do I log in?']) {
  await answer(ticket);
}
