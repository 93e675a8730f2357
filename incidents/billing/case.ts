import type { Repricing } from '../../src/emulator/emulator.ts';

/** What an application sends, once every `CALL_EVERY_S` seconds of simulated time. */
export interface Load {
  readonly provider: 'anthropic' | 'openai';
  readonly model: string;
  /** What a call in this simulated minute says. */
  readonly prompt: (minute: number) => string;
  readonly outputTokens: number;
}

/** A change of what is billed that nobody was told of in time. */
export interface BillingCase {
  readonly name: string;
  /** What happened, in a sentence. */
  readonly story: string;
  /** Where it was told, and when that was read. */
  readonly source: string;
  readonly load: Load;
  /** How a call that says `prompt` is billed before and after the change. */
  readonly before: (prompt: string) => Repricing | undefined;
  readonly after: (prompt: string) => Repricing | undefined;
}

/** Simulated seconds from one call to the next. */
export const CALL_EVERY_S = 6;
/** The simulated minute at which the provider begins to bill otherwise. */
export const CHANGE_AT_MIN = 10;
/** The budget pays for so many minutes of the load by the price list. */
export const BUDGET_MIN = 30;
/** After so many simulated minutes nobody calls any more. */
export const END_MIN = 90;

const TRIGGER = 'HERMES.md';

/** The emulated provider counts four bytes of text as a token. */
const PROMPT_BYTES = 8_000;

const saying = (words: string) => words.padEnd(PROMPT_BYTES, ' and what came of it');
const hello = () => saying('Summarise what changed since the last build.');
const included = (): Repricing => ({ factor: '0' });
const byList = () => undefined;
const read = 'read on 2026-11-22';

const SONNET: Load = {
  provider: 'anthropic',
  model: 'claude-sonnet-4-6',
  prompt: hello,
  outputTokens: 500,
};
const OPUS: Load = { ...SONNET, model: 'claude-opus-4-6' };
const GPT: Load = { ...SONNET, provider: 'openai', model: 'gpt-4o' };

/** Six ways in which a bill changed in 2026, each as the emulated provider does it. */
export const CASES: readonly BillingCase[] = [
  {
    name: 'Silent tier reclassification',
    story: 'Calls of the standard tier are billed as priority; the answers name no other tier.',
    source:
      'The shape: requests of a subscription that were classed as extra usage by the form of ' +
      'their system prompt, https://github.com/NousResearch/hermes-agent/issues/72171, ' +
      `2026-07-26, ${read}. The factor is that of the price card.`,
    load: GPT,
    before: byList,
    after: () => ({ tier: 'priority' }),
  },
  {
    name: 'Per-token surprise',
    story: 'What a flat plan included is billed by the token from one minute to the next.',
    source:
      'GitHub Copilot went from requests to tokens on 2026-06-01, ' +
      'https://docs.github.com/en/copilot/reference/copilot-billing/' +
      `request-based-billing-legacy/model-multipliers-for-annual-plans, ${read} in a stored copy.`,
    load: SONNET,
    before: included,
    after: byList,
  },
  {
    name: 'Multiplier of 7.5',
    story: 'Each call is billed 7.5 times.',
    source:
      'Claude Opus 4.7 in GitHub Copilot until 2026-04-30, ' +
      'https://lzwjava.github.io/copilots-premium-request-multipliers-explained-en, ' +
      `May 2026, ${read} in a stored copy.`,
    load: OPUS,
    before: byList,
    after: () => ({ factor: '7.5' }),
  },
  {
    name: 'Multiplier of 27',
    story: 'Each call is billed 27 times.',
    source:
      'Claude Opus 4.6 to 4.8 on annual plans of GitHub Copilot after 2026-06-01, ' +
      'https://docs.github.com/en/copilot/reference/copilot-billing/' +
      `request-based-billing-legacy/model-multipliers-for-annual-plans, ${read} in a stored copy.`,
    load: OPUS,
    before: byList,
    after: () => ({ factor: '27' }),
  },
  {
    name: 'Trigger-word charge',
    story: `A commit brings the word ${TRIGGER} into every prompt; such calls leave the plan.`,
    source: `https://github.com/anthropics/claude-code/issues/53262, 2026-04-25, ${read}.`,
    load: {
      ...OPUS,
      prompt: (minute) =>
        minute < CHANGE_AT_MIN ? hello() : saying(`Last commit: add ${TRIGGER}`),
    },
    before: (prompt) => (prompt.includes(TRIGGER) ? undefined : included()),
    after: (prompt) => (prompt.includes(TRIGGER) ? undefined : included()),
  },
  {
    name: 'Rate reclassification',
    story: 'Short prompts are billed at the rates of long ones.',
    source:
      'The shape: the two rates of one model on its price card. No report of a provider that did ' +
      `so silently was found (${read}); the factor is that of the card.`,
    load: { ...GPT, model: 'gpt-5.4' },
    before: byList,
    after: () => ({ isLongContext: true }),
  },
];
