import { rule } from '../src/rules/require-output-ceiling.ts';
import { typedTester } from './rule-tester.ts';

const START = [
  "import type OpenAI from 'openai';",
  "import type Anthropic from '@anthropic-ai/sdk';",
  "import type { Guard } from 'hardcap';",
  'declare const openai: OpenAI; declare const anthropic: Anthropic; declare const guard: Guard;',
  'declare const unknown: object; declare const some: { max_output_tokens?: number; model: string };',
  'declare const loose: Record<string, never>; declare const isLong: boolean;',
  '',
].join('\n');

/** One report, whose suggestion replaces `before` by `after`; or none is made. */
const missing = (code: string, change?: { before: string; after: string }) => ({
  code: START + code,
  errors: [
    {
      messageId: 'missing' as const,
      ...(change === undefined
        ? {}
        : {
            suggestions: [
              {
                messageId: 'addCeiling' as const,
                output: START + code.replace(change.before, () => change.after),
              },
            ],
          }),
    },
  ],
});

const withCeiling = (code: string, name: string) =>
  missing(code, { before: "model: 'm'", after: `model: 'm', ${name}: 1024` });

typedTester().run('require-output-ceiling', rule, {
  valid: [
    `${START}openai.responses.create({ model: 'm', max_output_tokens: 9 });`,
    `${START}openai.chat.completions.create({ model: 'm', messages: [], max_completion_tokens: 9 });`,
    `${START}openai.chat.completions.stream({ model: 'm', messages: [], max_tokens: 9 });`,
    `${START}openai.completions.create({ model: 'm', prompt: 'p', max_tokens: 9 });`,
    `${START}openai.embeddings.create({ model: 'm', input: 'i' });`,
    `${START}openai.responses.create({ model: 'm', ...some });`,
    `${START}openai.responses.create({ model: 'm', ...unknown });`,
    `${START}openai.responses.create(loose);`,
    `${START}openai.responses.create({ model: 'm', ['max_output_tokens']: 9 });`,
    `${START}openai.responses.create({ ...{ max_output_tokens: null }, max_output_tokens: 9 });`,
    `${START}const body = { model: 'm', max_output_tokens: 9 }; openai.responses.create(body);`,
    `${START}const body: OpenAI.Responses.ResponseCreateParamsNonStreaming = { model: 'm' }; body.max_output_tokens = 9; openai.responses.create(body);`,
    `${START}export const f = (body: OpenAI.Responses.ResponseCreateParams) => openai.responses.create(body);`,
    `${START}openai.responses.create(isLong ? { max_output_tokens: 9 } : { max_output_tokens: 8 });`,
    `${START}let body: typeof some = { model: 'm' }; body = some; openai.responses.create(body);`,
    `${START}anthropic.messages.create({ model: 'm', max_tokens: 9, messages: [] });`,
    `${START}anthropic.messages.countTokens({ model: 'm', messages: [] });`,
    `${START}guard.check({ provider: 'openai', route: 'embeddings', body: { model: 'm', input: 'i' } });`,
    `import { generateText } from 'ai'; generateText({ model: 'm', prompt: 'p', maxOutputTokens: 9 });`,
    `import { generateText } from './other.ts'; generateText({ model: 'm', prompt: 'p' });`,
    `class Responses { create(body: object) { return body; } } new Responses().create({ model: 'm' });`,
  ],
  invalid: [
    withCeiling(`openai.responses.create({ model: 'm' });`, 'max_output_tokens'),
    withCeiling(`openai.responses.parse({ model: 'm' });`, 'max_output_tokens'),
    withCeiling(
      `openai.chat.completions.create({ messages: [], model: 'm' });`,
      'max_completion_tokens',
    ),
    withCeiling(`openai.completions.create({ prompt: 'p', model: 'm' });`, 'max_tokens'),
    withCeiling(
      `const { responses } = openai; responses.create({ model: 'm' });`,
      'max_output_tokens',
    ),
    withCeiling(`anthropic.messages.stream({ messages: [], model: 'm' } as never);`, 'max_tokens'),
    withCeiling(
      `anthropic.beta.messages.toolRunner({ messages: [], model: 'm' } as never);`,
      'max_tokens',
    ),
    withCeiling(
      `guard.reserve({ provider: 'openai', route: 'chat.completions', body: { model: 'm' } });`,
      'max_completion_tokens',
    ),
    withCeiling(`guard.tryReserve({ provider: 'anthropic', body: { model: 'm' } });`, 'max_tokens'),
    missing(`openai.responses.create({});`, { before: '{}', after: '{ max_output_tokens: 1024 }' }),
    missing(`openai.responses.create({ model: 'm', max_output_tokens: undefined });`, {
      before: 'max_output_tokens: undefined',
      after: 'max_output_tokens: 1024',
    }),
    missing(
      `openai.responses.create({ max_output_tokens: 9, ...{ model: 'm' }, max_output_tokens: null });`,
      {
        before: 'max_output_tokens: 9',
        after: 'max_output_tokens: 1024',
      },
    ),
    missing(`openai.responses.create({\n  model: 'm',\n  input: 'i',\n});`, {
      before: "input: 'i',",
      after: "input: 'i',\n  max_output_tokens: 1024,",
    }),
    missing(`openai.responses.create({\n  model: 'm',\n  input: 'i'\n});`, {
      before: "input: 'i'",
      after: "input: 'i',\n  max_output_tokens: 1024",
    }),
    missing(`const body = { model: 'm' }; openai.responses.create(body);`),
    missing(
      `declare const plain: { model: string; input: string }; openai.responses.create(plain);`,
    ),
    missing(`openai.responses.create(isLong ? { model: 'm' } : { max_output_tokens: 8 });`),
    missing(
      `const body = { model: 'm', max_output_tokens: 9 as number | undefined }; delete body.max_output_tokens; openai.responses.create(body);`,
    ),
    {
      code: `import * as sdk from 'ai'; sdk.streamText({ model: 'm' });`,
      options: [{ suggestedTokens: 300 }],
      errors: [
        {
          messageId: 'missing',
          data: { name: 'maxOutputTokens' },
          suggestions: [
            {
              messageId: 'addCeiling',
              output: `import * as sdk from 'ai'; sdk.streamText({ model: 'm', maxOutputTokens: 300 });`,
            },
          ],
        },
      ],
    },
  ],
});
