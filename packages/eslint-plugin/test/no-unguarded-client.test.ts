import { rule } from '../src/rules/no-unguarded-client.ts';
import { typedTester } from './rule-tester.ts';

const HARDCAP = "import { type Guard, guardedFetch, wrapAnthropic, wrapOpenAI } from 'hardcap';";
const OPENAI = "import OpenAI from 'openai';";
const GUARD = `${HARDCAP}\n${OPENAI}\ndeclare const guard: Guard;\n`;

const unguarded = [{ messageId: 'unguardedClient' as const }];
const request = [{ messageId: 'unguardedRequest' as const }];

typedTester().run('no-unguarded-client', rule, {
  valid: [
    `${GUARD} const client = wrapOpenAI(new OpenAI(), guard);`,
    `${GUARD} const raw = new OpenAI(); const client = wrapOpenAI(raw, guard);`,
    // The guard is put inside the client, in place: the other name is guarded too.
    `${GUARD} const raw = new OpenAI(); wrapOpenAI(raw, guard); void raw.models.list();`,
    `${GUARD} class A { readonly client = new OpenAI(); constructor() { wrapOpenAI(this.client, guard); } }`,
    `${GUARD} class A { readonly #client: OpenAI; constructor() { this.#client = new OpenAI(); wrapOpenAI(this.#client, guard); } }`,
    `${GUARD} const clients = { main: new OpenAI() }; wrapOpenAI(clients.main, guard);`,
    `${GUARD} const clients = { main: new OpenAI() }; const { main } = clients; wrapOpenAI(main, guard);`,
    `${GUARD} const make = () => new OpenAI(); export const client = wrapOpenAI(make(), guard);`,
    `${GUARD} async function make() { return new OpenAI(); } export const client = wrapOpenAI(await make(), guard);`,
    `${GUARD} class A { #make() { return new OpenAI(); } client() { return wrapOpenAI(this.#make(), guard); } }`,
    `${GUARD} let one: OpenAI | undefined; export const get = () => wrapOpenAI((one ??= new OpenAI()), guard);`,
    `${GUARD} const guarded = (client: OpenAI) => wrapOpenAI(client, guard); guarded(new OpenAI());`,
    `${GUARD} const client = (() => { const c = new OpenAI(); wrapOpenAI(c, guard); return c; })();`,
    `${GUARD} const client = wrapOpenAI(new OpenAI() as OpenAI, guard)!;`,
    `${GUARD} const client = wrapOpenAI(Math.random() > 1 ? new OpenAI() : new OpenAI({}), guard);`,
    `import * as hardcap from 'hardcap';\n${OPENAI}\ndeclare const guard: hardcap.Guard;\nhardcap.wrapOpenAI(new OpenAI(), guard);`,
    `import { wrapOpenAI as wrap, type Guard } from 'hardcap';\n${OPENAI}\nexport const f = (guard: Guard) => wrap(new OpenAI(), guard);`,
    `${GUARD} const options = { fetch: guardedFetch(guard) }; new OpenAI({ ...options, maxRetries: 0 });`,
    `${GUARD} const send = guardedFetch(guard); new OpenAI({ fetch: (url, init) => send(url, init) });`,
    `${OPENAI} export const f = (fetch: typeof globalThis.fetch) => new OpenAI({ fetch });`,
    `import { ChatAnthropic } from '@langchain/anthropic';\n${GUARD} new ChatAnthropic({ clientOptions: { fetch: guardedFetch(guard) } });`,
    `import { type OpenAIProvider, createOpenAI } from '@ai-sdk/openai';\n${GUARD} const f = guardedFetch(guard); export const p: OpenAIProvider = createOpenAI({ fetch: f });`,
    `import type { anthropic } from '@ai-sdk/anthropic'; export type P = typeof anthropic;`,
    `const fetch = (url: string) => url; fetch('https://api.openai.com/v1/models');`,
    `const url = 'https://example.com'; fetch(\`\${url}/https://api.openai.com/\`);`,
    `fetch('https://api.openai.com.example.com/v1');`,
    `declare const path: string; fetch(path + 'https://api.openai.com/v1');`,
    `console.log('https://api.openai.com/v1');`,
    `class OpenAI {} new OpenAI();`,
    {
      code: `${OPENAI} declare function metered(c: OpenAI): OpenAI; metered(new OpenAI());`,
      options: [{ guards: ['metered'] }],
    },
  ],
  invalid: [
    { code: `${OPENAI} new OpenAI();`, errors: unguarded },
    { code: `import { OpenAI as X } from 'openai'; new X();`, errors: unguarded },
    { code: `import * as sdk from 'openai'; new sdk.OpenAI();`, errors: unguarded },
    {
      code: `export async function f() { const { default: X } = await import('openai'); return new X(); }`,
      errors: unguarded,
    },
    { code: `import X from 'openai-7'; new X();`, errors: unguarded },
    { code: `import A from '@anthropic-ai/sdk'; export default new A();`, errors: unguarded },
    {
      code: `${OPENAI} class Own extends OpenAI {} class More extends Own {} new More();`,
      errors: unguarded,
    },
    {
      code: `${GUARD} export const client = () => (Math.random() > 1 ? wrapOpenAI(new OpenAI(), guard) : new OpenAI());`,
      errors: unguarded,
    },
    {
      code: `${OPENAI} function wrapOpenAI(c: OpenAI) { return c; } wrapOpenAI(new OpenAI());`,
      errors: unguarded,
    },
    {
      code: `${GUARD} const make = () => new OpenAI(); wrapOpenAI(make(), guard); void make().models.list();`,
      errors: unguarded,
    },
    {
      code: `${GUARD} export const make = () => new OpenAI(); wrapOpenAI(make(), guard);`,
      errors: unguarded,
    },
    {
      code: `${GUARD} let c = new OpenAI(); c = wrapOpenAI(new OpenAI(), guard);`,
      errors: unguarded,
    },
    { code: `${OPENAI} new OpenAI({ fetch: globalThis.fetch });`, errors: unguarded },
    {
      code: `${OPENAI} const own = fetch.bind(globalThis); new OpenAI({ fetch: own });`,
      errors: unguarded,
    },
    {
      code: `${OPENAI} new OpenAI({ fetch: (url, init) => fetch(url, init) });`,
      errors: unguarded,
    },
    {
      code: `${GUARD} const c = new OpenAI(); void c.models.list(); wrapOpenAI(c, guard);`,
      errors: [{ messageId: 'usedBeforeGuard', data: { line: 4 } }],
    },
    {
      code: `import { GoogleGenAI } from '@google/genai'; new GoogleGenAI({});`,
      errors: [{ messageId: 'unguardableClient' }],
    },
    {
      code: `import * as b from '@aws-sdk/client-bedrock-runtime'; new b.BedrockRuntimeClient({});`,
      errors: [{ messageId: 'unguardableClient' }],
    },
    {
      code: `import { createAnthropic as make } from '@ai-sdk/anthropic'; make();`,
      errors: [
        {
          messageId: 'unguardedClient',
          data: { name: 'make', instead: 'make({ fetch: guardedFetch(guard) })' },
        },
      ],
    },
    {
      code: `import { openai } from '@ai-sdk/openai'; export const models = [openai('gpt-5'), openai.chat('gpt-5')];`,
      errors: [{ messageId: 'readyMade' }, { messageId: 'readyMade' }],
    },
    { code: `fetch('https://api.openai.com/v1/responses');`, errors: request },
    {
      code: `const send = globalThis.fetch; send(new URL('https://eu.api.openai.com/v1'));`,
      errors: request,
    },
    {
      code: `const hosts = { a: 'https://api.anthropic.com' } as const; fetch(hosts.a + '/v1/messages');`,
      errors: request,
    },
    { code: `fetch((process.env['BASE'] ?? 'https://api.openai.com') + '/v1');`, errors: request },
    {
      code: `import { request } from 'undici'; request('https://api.openai.com/v1');`,
      errors: request,
    },
    {
      code: `import https from 'node:https'; https.request({ hostname: 'api.openai.com' });`,
      errors: request,
    },
    {
      code: `import axios from 'axios'; axios.create({ baseURL: 'https://api.openai.com/v1' });`,
      errors: request,
    },
    {
      code: `fetch('https://generativelanguage.googleapis.com/v1beta/models');`,
      errors: [{ messageId: 'unguardableRequest' }],
    },
    {
      code: `new WebSocket('wss://api.openai.com/v1/realtime');`,
      errors: [{ messageId: 'unguardableRequest' }],
    },
    {
      code: `fetch('https://llm.example.com/v1');`,
      options: [{ hosts: ['llm.example.com'] }],
      errors: request,
    },
  ],
});
