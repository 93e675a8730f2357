import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { lossesIn } from '../../src/cli/audit/code/refusal-loss.ts';
import { pythonEscapes, lineEscapes } from '../../src/cli/audit/code/other-languages.ts';
import { escapesIn } from '../../src/cli/audit/code/unguarded.ts';
import { auditProject, type PointAnswer } from '../../src/cli/audit/audit.ts';
import { LOOKED_UP, TIES, VENDORS } from '../../src/cli/audit/data/vendors.ts';
import { readProject } from '../../src/cli/audit/project.ts';
import { CodeFile } from '../../src/cli/audit/read/code-file.ts';
import { OWN_READER } from '../../src/cli/audit/read/typescript-tokens.ts';
import { walk } from '../../src/cli/audit/read/walk.ts';
import { ROOT } from '../tidy/source.ts';
import { NOON } from './clock.ts';
import { filesOf, unpack, type Unpacked } from './repo.ts';

let opened: Unpacked | undefined;

afterEach(() => {
  opened?.end();
  opened = undefined;
});

const code = (text: string): CodeFile => new CodeFile('src/a.ts', text, OWN_READER);
const escapes = (text: string) => escapesIn(code(text)).map(({ at }) => code(text).source.at(at));

function pointOf(
  id: string,
  files: ReadonlyMap<string, string>,
  gateways: readonly string[] = [],
): PointAnswer {
  opened?.end();
  opened = unpack(files);
  const project = readProject(walk(opened.folder), OWN_READER);
  const { points } = auditProject(project, {
    now: NOON,
    gateways,
    seen: undefined,
    lint: undefined,
  });
  const found = points.find(({ point }) => point.id === id);
  if (found === undefined) throw new Error(`there is no point ${id}`);
  return found;
}

const changed = (name: string, path: string, change: (text: string) => string) => {
  const files = new Map(filesOf(name));
  const before = files.get(path) ?? '';
  files.set(path, change(before));
  expect(files.get(path), path).not.toBe(before);
  return files;
};

describe('the walk', () => {
  it('leaves out what others wrote, and follows no link', () => {
    opened = unpack(
      new Map([
        ['src/a.ts', ''],
        ['node_modules/b/c.ts', ''],
        ['dist/d.js', ''],
        ['.git/e.py', ''],
        ['src/types.d.ts', ''],
        ['lib/venv/f.py', ''],
        ['notes.txt', ''],
      ]),
    );
    symlinkSync('/', join(opened.folder, 'root'));
    symlinkSync(join(opened.folder, 'src/a.ts'), join(opened.folder, 'link.ts'));
    expect(walk(opened.folder).files.map(({ path }) => path)).toEqual(['src/a.ts']);
  });

  it('says what it did not read, and the point of egress with it', () => {
    opened = unpack(
      new Map([
        ['a.ts', 'x'.repeat(200)],
        ['b.ts', ''],
      ]),
    );
    const bounds = { filesMax: 10, bytesMax: 1_000, fileBytesMax: 100, depthMax: 3 };
    const walked = walk(opened.folder, bounds);
    expect(walked.files.map(({ path }) => path)).toEqual(['b.ts']);
    expect(walked.skipped).toEqual([{ path: 'a.ts', reason: 'larger than 100 bytes' }]);
    mkdirSync(join(opened.folder, '1/2/3/4'), { recursive: true });
    writeFileSync(join(opened.folder, '1/2/3/4/deep.ts'), '');
    expect(walk(opened.folder, bounds).skipped.map(({ path }) => path)).toContain('1/2/3/4');
  });

  it('fails the point of egress where it ended before the project', () => {
    opened = unpack(
      new Map([
        ['a.ts', ''],
        ['b.ts', ''],
      ]),
    );
    const bounds = { filesMax: 1, bytesMax: 1_000, fileBytesMax: 100, depthMax: 3 };
    const project = readProject(walk(opened.folder, bounds), OWN_READER);
    expect(project.cutShort).toContain('after 1 files');
    const terms = { now: NOON, gateways: [], seen: undefined, lint: undefined };
    const egress = auditProject(project, terms).points.find(({ point }) => point.id === 'egress');
    expect(egress?.status).toBe('fail');
  });
});

describe('clients', () => {
  it('are guarded however they are wrapped', () => {
    const imports =
      "import OpenAI from 'openai';\nimport { wrapOpenAI as wrap, guardedFetch } from 'hardcap';\n";
    const good = [
      'export const a = wrap(new OpenAI(), guard);',
      'const a = new OpenAI(); wrap(a, guard);',
      'let a: OpenAI; a = new OpenAI(); wrap(a, guard);',
      'export const a = wrap((flag ? new OpenAI() : new OpenAI({ maxRetries: 1 })), guard);',
      'class A { #a = new OpenAI(); constructor() { wrap(this.#a, guard); } }',
      'class A { a?: OpenAI; get() { this.a ??= new OpenAI(); return wrap(this.a, guard); } }',
      'const make = (): OpenAI => new OpenAI(); export const a = wrap(make(), guard);',
      'function own(client: OpenAI) { return wrap(client, guard); } export const a = own(new OpenAI());',
      'export const a = new OpenAI({ fetch: guardedFetch(guard) });',
      'const fetch = guardedFetch(guard); export const a = new OpenAI({ fetch });',
      'const options = { fetch: guardedFetch(guard) }; export const a = new OpenAI(options);',
      'export const a = wrap(new OpenAI().withOptions({ maxRetries: 0 }), guard);',
      'const o = { a: new OpenAI() }; wrap(o.a, guard);',
      '// const a = new OpenAI();\nexport const text = "new OpenAI()";',
      'class OpenAi {} export const a = new OpenAi();',
    ];
    for (const text of good) expect(escapes(imports + text), text).toEqual([]);
  });

  it('are not guarded by what only looks like it', () => {
    const imports =
      "import OpenAI from 'openai';\nimport { wrapOpenAI as wrap, guardedFetch } from 'hardcap';\n";
    const bad = [
      'export const a = new OpenAI();',
      'export const a = new OpenAI;',
      'const a = new OpenAI(); const b = new OpenAI({}); wrap(b, guard);',
      'export const a = (): OpenAI => new OpenAI();',
      'export const a = new OpenAI({ fetch });',
      'export const a = new OpenAI({ fetch: globalThis.fetch });',
      'export const a = new OpenAI({ fetch: (url, init) => fetch(url, init) });',
      'wrap(guard, new OpenAI());',
      'export const a = new OpenAI().images;',
      'function f() { const a = new OpenAI(); return a; } function g(a: OpenAI) { wrap(a, guard); }',
      'class Mine extends OpenAI {} export const a = new Mine();',
      "export const a = new OpenAI({ baseURL: 'https://eu.api.openai.com/v1' });",
    ];
    for (const text of bad) expect(escapes(imports + text), text).toEqual(['new']);
  });

  it('are seen through every form of import', () => {
    const forms = [
      "import OpenAI from 'openai'; new OpenAI();",
      "import { OpenAI as Client } from 'openai'; new Client();",
      "import * as openai from 'openai'; new openai.OpenAI();",
      "const OpenAI = require('openai'); new OpenAI();",
      "const { OpenAI: Client } = require('openai'); new Client();",
      "const { OpenAI } = await import('openai'); new OpenAI();",
      "import OpenAI from 'openai'; new OpenAI.OpenAI();",
    ];
    for (const text of forms) expect(escapes(text), text).toEqual(['new']);
    expect(escapes("import type OpenAI from 'openai'; export let a: OpenAI;")).toEqual([]);
  });

  it('are left alone where a rule is switched off with a reason', () => {
    const client = 'export const a = new OpenAI();\n';
    const off = '// eslint-disable-next-line hardcap/no-unguarded-client';
    const file = (remark: string) =>
      new Map([['a.ts', `import OpenAI from 'openai';\n${remark}\n${client}`]]);
    expect(pointOf('egress', file(off)).status).toBe('fail');
    const reasoned = pointOf('egress', file(`${off} -- free models only`));
    expect(reasoned.status).toBe('pass');
    expect(reasoned.evidence.map(({ what }) => what).join()).toContain('free models only');
  });
});

describe('requests', () => {
  it('to providers are found, to others not', () => {
    const bad = [
      "fetch('https://api.openai.com/v1/models')",
      'const base = "https://api.anthropic.com"; fetch(`${base}/v1/messages`)',
      "const o = { url: 'https://openrouter.ai/api' }; fetch(o.url)",
      "import https from 'node:https'; https.request({ hostname: 'api.openai.com' })",
      "import axios from 'axios'; axios({ url: 'https://api.openai.com/v1' })",
      "fetch(new URL('/v1/messages', 'https://api.anthropic.com'))",
      "fetch(process.env['URL'] ?? 'https://api.openai.com/v1')",
      "new WebSocket('wss://api.openai.com/v1/realtime')",
    ];
    for (const text of bad) expect(escapes(text), text).toHaveLength(1);
    const good = [
      "fetch('https://api.openai.com.example.org/')",
      "const fetch = guardedFetch(guard); fetch('https://api.openai.com/v1')",
      "log('https://api.openai.com/v1')",
      "fetch('/v1/messages')",
    ];
    for (const text of good) expect(escapes(text), text).toEqual([]);
  });
});

describe('refusals', () => {
  const losses = (handler: string) =>
    lossesIn(
      code(
        `import OpenAI from 'openai'; async function f(openai: OpenAI, body: object) {
          try { return await openai.responses.create(body); } catch ${handler}
        }`,
      ),
    ).map(({ kind }) => kind);

  it('are lost where the error goes nowhere', () => {
    for (const handler of [
      '{}',
      '{ return null; }',
      '(error) { console.error(error); }',
      "(error) { logger.warn('failed', { error }); return ''; }",
      '(error) { if (error instanceof BudgetCapError) return null; throw error; }',
      "{ throw new Error('failed'); }",
    ]) {
      expect(losses(handler), handler).toEqual(['dropped']);
    }
  });

  it('are handled where somebody gets the error', () => {
    for (const handler of [
      '(error) { throw error; }',
      '(error) { next(error); }',
      '(error) { if (error instanceof BudgetCapError) throw error; return null; }',
      '(error) { if (!(error instanceof BudgetCapError)) throw error; res.json(error.toJSON()); }',
      '(error) { return { ok: false, error }; }',
      "(error) { throw new Error('failed', { cause: error }); }",
      '(error) { console.error(error); process.exit(1); }',
    ]) {
      expect(losses(handler), handler).toEqual([]);
    }
  });
});

describe('other languages', () => {
  const python = (text: string) =>
    pythonEscapes({ path: 'a.py', text }).map(({ line, what }) => `${line} ${what}`);

  it('Python clients are found through every form of import', () => {
    expect(python('from openai import OpenAI\nclient = OpenAI()')).toEqual(['2 an OpenAI client']);
    expect(python('import openai as o\nclient = o.AsyncOpenAI(\n  timeout=3)')).toEqual([
      '2 an OpenAI client',
    ]);
    expect(python('from anthropic import (\n  Anthropic as A,\n)\nA()')).toEqual([
      '4 an Anthropic client',
    ]);
    expect(python('import boto3\nboto3.client("bedrock-runtime")')).toEqual(['2 a Bedrock client']);
    expect(python('import httpx\nURL = "https://api.openai.com/v1"\nhttpx.post(URL)')).toEqual([
      '3 a request to api.openai.com',
    ]);
  });

  it('texts, comments and classes of the same name are no clients', () => {
    expect(python('"""\nfrom openai import OpenAI\nOpenAI()\n"""')).toEqual([]);
    expect(python('# from openai import OpenAI\n# OpenAI()')).toEqual([]);
    expect(python('class OpenAI:\n  pass\nOpenAI()')).toEqual([]);
    expect(python('from mine import OpenAI\nOpenAI()')).toEqual([]);
    expect(python("from openai import OpenAI\nx = 'OpenAI()'")).toEqual([]);
  });

  it('notebooks keep their lines', () => {
    const text = ['{"cells": [{"source": [', '"import openai\\n",', '"openai.OpenAI()"', ']}]}'];
    const found = pythonEscapes({ path: 'a.ipynb', text: text.join('\n') });
    expect(found.map(({ line }) => line)).toEqual([3]);
  });

  it('SDKs and hosts are found line by line elsewhere, comments left out', () => {
    const go = 'import "github.com/openai/openai-go"\n// https://api.openai.com\n';
    expect(lineEscapes({ path: 'a.go', text: go }).map(({ line }) => line)).toEqual([1]);
    const sh = '# curl https://api.openai.com\ncurl https://api.anthropic.com/v1/messages\n';
    expect(lineEscapes({ path: 'a.sh', text: sh }).map(({ line }) => line)).toEqual([2]);
  });

  it('a gateway counts only where it was named', () => {
    const text = 'from openai import OpenAI\nOpenAI(base_url="http://gate:8080/v1")\n';
    const files = new Map([['a.py', text]]);
    expect(pointOf('egress', files, ['gate:8080']).findings).toEqual([]);
    const [finding] = pointOf('egress', files).findings;
    expect(finding?.level).toBe('warn');
    expect(finding?.what).toContain('--gateway gate');
    const provider = new Map([
      ['a.py', text.replace('http://gate:8080', 'https://api.openai.com')],
    ]);
    expect(pointOf('egress', provider, ['gate:8080']).status).toBe('fail');
  });
});

describe('hardcap/register', () => {
  const start = { scripts: { start: 'node --import hardcap/register a.js' } };
  const files = (text: string) =>
    new Map([
      ['package.json', JSON.stringify(start)],
      ['a.ts', text],
    ]);

  it('makes a warning of what it could guard, and leaves what it could not', () => {
    const openai = pointOf('egress', files("import OpenAI from 'openai';\nnew OpenAI();\n"));
    expect(openai.findings.map(({ level }) => level)).toEqual(['warn']);
    const google = pointOf(
      'egress',
      files("import { GoogleGenAI } from '@google/genai';\nnew GoogleGenAI({});\n"),
    );
    expect(google.status).toBe('fail');
  });
});

describe('the perfect repository stops to be perfect', () => {
  const status = (id: string, path: string, change: (text: string) => string) =>
    pointOf(id, changed('perfect', path, change)).status;

  it.each([
    ['caps', 'budget-guard.config.json', (t: string) => t.replaceAll('global_', 'per_agent_')],
    ['caps', 'budget-guard.config.json', () => '{ "caps": [] }'],
    [
      'caps',
      'budget-guard.config.json',
      (t: string) => t.replace('"unattributed"', '"unatributed"'),
    ],
    ['scopes', 'src/server.ts', (t: string) => t.replaceAll('feature:', 'part:')],
    ['egress', 'src/clients.ts', (t: string) => t.replace('wrapOpenAI(client, guard);', '')],
    ['ceilings', 'src/server.ts', (t: string) => t.replace('max_completion_tokens: 64,', '')],
    [
      'refusals',
      'src/server.ts',
      (t: string) =>
        t
          .replace('else next(error);', '')
          .replace('error.toJSON()', '{}')
          .replace('res.status(402).json({})', 'void 0'),
    ],
    ['retries', 'src/clients.ts', (t: string) => t.replace('maxRetries: 2', 'maxRetries: 6')],
    ['prices', 'src/server.ts', (t: string) => t.replace('gpt-4o-mini', 'gpt-4o-maxi')],
    ['store', 'src/guard.ts', (t: string) => t.replace(', { ledger }', '')],
    [
      'alerts',
      'src/guard.ts',
      (t: string) => t.replace("guard.on('threshold'", "guard.on('settled'"),
    ],
    ['fallback', 'budget-guard.config.json', (t: string) => t.replace(', "fallback"]', ']')],
    [
      'fallback',
      'budget-guard.config.json',
      (t: string) => t.replace('claude-haiku-4-5', 'claude-haiku-0'),
    ],
  ])('at %s when %s changes', (id, path, change) => {
    expect(pointOf(id, filesOf('perfect')).status).toBe('pass');
    expect(status(id, path, change)).toBe('fail');
  });

  it('at the reconciliation when neither code nor script compares', () => {
    const files = new Map(filesOf('perfect'));
    files.set('package.json', '{ "name": "perfect" }');
    expect(pointOf('reconciliation', files).status).toBe('pass');
    files.set('src/guard.ts', (files.get('src/guard.ts') ?? '').replace('watchPrices(guard);', ''));
    expect(pointOf('reconciliation', files).status).toBe('fail');
  });
});

describe('the map of owners', () => {
  it('has a date and a source in each row, and calls unknown what was not established', () => {
    for (const { name, owner, date, source } of VENDORS) {
      expect(date, name).toMatch(/^20\d\d(-\d\d(-\d\d)?)?$/);
      expect(date <= LOOKED_UP, name).toBe(true);
      if (owner === 'unknown') expect(source, name).toBe('not established');
      else expect(URL.canParse(source), name).toBe(true);
    }
    for (const { date, source, what } of TIES) {
      expect(date, what).toMatch(/^20\d\d-\d\d-\d\d$/);
      expect(URL.canParse(source), what).toBe(true);
    }
    const names = VENDORS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('flags a runtime of the seller, and a third that has money in two of them', () => {
    const { findings, status } = pointOf('vendors', filesOf('bypass'));
    expect(status).toBe('pass');
    const said = findings.map(({ level, what }) => `${level} ${what}`);
    expect(said.some((one) => one.startsWith('warn Bun (runtime) belongs to Anthropic'))).toBe(
      true,
    );
    expect(
      said.some((one) => one.startsWith('note shared balance sheet: Google has invested')),
    ).toBe(true);
    expect(
      said.some((one) => one.startsWith('note shared balance sheet: Amazon has invested')),
    ).toBe(true);
  });
});

describe('an application that was made with hardcap’s own templates', () => {
  const manifest = JSON.stringify({
    name: 'made',
    dependencies: { '@anthropic-ai/sdk': '1.12.0', express: '5.3.0', hardcap: '0.1.0' },
  });
  const app = `import Anthropic from '@anthropic-ai/sdk';
import express from 'express';
import { caps, guardAnthropic } from './enforcement-middleware.js';
const app = express();
const anthropic = guardAnthropic(new Anthropic());
app.use(caps.scoped);
app.post('/', async (request, response) => {
  const model = 'claude-sonnet-4-6';
  const messages = [{ role: 'user' as const, content: String(request.body) }];
  response.json(await anthropic.messages.create({ model, max_tokens: 100, messages }));
});
app.use(caps.errors);
app.listen(3000);
`;

  it.each(['express', 'fastify', 'hono'])('has no false alarm with that for %s', (framework) => {
    const template = join(ROOT, 'templates', framework, 'enforcement-middleware.ts');
    const files = new Map([
      ['package.json', manifest],
      ['budget-guard.config.json', '{ "global_cap_per_day_usd": 5, "per_customer_cap_usd": 1 }'],
      ['enforcement-middleware.ts', readFileSync(template, 'utf8')],
      ['app.ts', app],
    ]);
    for (const id of ['caps', 'scopes', 'egress', 'ceilings', 'refusals', 'retries', 'prices']) {
      const { status, findings } = pointOf(id, files);
      expect([status, ...findings.map(({ what }) => what)], id).toEqual(['pass']);
    }
    // What the templates leave to be done is said.
    for (const id of ['store', 'alerts', 'reconciliation']) {
      expect(pointOf(id, files).status, id).toBe('fail');
    }
    files.set('app.ts', app.replace('guardAnthropic(new Anthropic())', 'new Anthropic()'));
    expect(pointOf('egress', files).status).toBe('fail');
  });
});

describe('a program that is started under hardcap/register', () => {
  const started = (environment: string) =>
    new Map([
      ['package.json', '{ "name": "old" }'],
      ['old.js', "const OpenAI = require('openai');\nmodule.exports = new OpenAI();\n"],
      [
        'Dockerfile',
        `FROM node:22\n${environment}\nCMD ["node", "--import", "hardcap/register", "old.js"]\n`,
      ],
    ]);

  it('has its caps and books in the environment', () => {
    const files = started(
      'ENV HARDCAP_GLOBAL_CAP_PER_DAY_USD=5 HARDCAP_PER_CUSTOMER_CAP_PER_DAY_USD=1\n' +
        'ENV HARDCAP_SCOPES=customer=acme HARDCAP_LEDGER=sqlite:spend.db',
    );
    files.set('start.sh', 'node --import hardcap/register old.js\n');
    for (const id of ['caps', 'scopes', 'store']) {
      const { status, findings } = pointOf(id, files);
      expect([status, ...findings.map(({ what }) => what)], id).toEqual(['pass']);
    }
  });

  it('fails without caps', () => {
    expect(pointOf('caps', started('ENV NODE_ENV=production')).status).toBe('fail');
  });
});

describe('a client that comes by a detour', () => {
  const use = "import { Client } from './sdk.js';\nexport const a = new Client();\n";
  const detours: [string, string, string][] = [
    ['given on', "export { OpenAI as Client } from 'openai';\n", use],
    ['taken and given on', "import { OpenAI } from 'openai';\nexport { OpenAI as Client };\n", use],
    [
      'a class of its own',
      "import OpenAI from 'openai';\nexport class Client extends OpenAI {}\n",
      use,
    ],
    ['another name', "import OpenAI from 'openai';\nexport const Client = OpenAI;\n", use],
    [
      'all of the package',
      "export * from 'openai';\n",
      "import { OpenAI } from './sdk.js';\nexport const a = new OpenAI();\n",
    ],
    [
      'the default',
      "export { default } from 'openai';\n",
      "import Client from './sdk.js';\nexport const a = new Client();\n",
    ],
    [
      'a name of the file’s own',
      'export {};\n',
      "import OpenAI from 'openai';\nconst Client = OpenAI;\nexport const a = new Client();\n",
    ],
  ];

  it.each(detours)('%s is found', (_how, sdk, text) => {
    const files = new Map([
      ['src/sdk.ts', sdk],
      ['src/a.ts', text],
    ]);
    const lines = pointOf('egress', files).findings.map(({ place }) => place.file);
    expect(lines).toEqual(['src/a.ts']);
  });

  it('is found in the package of a workspace', () => {
    const files = new Map([
      ['packages/sdk/package.json', '{ "name": "@own/sdk" }'],
      ['packages/sdk/src/index.ts', "export { OpenAI as Client } from 'openai';\n"],
      ['app/package.json', '{ "name": "app" }'],
      ['app/a.ts', "import { Client } from '@own/sdk';\nexport const a = new Client();\n"],
    ]);
    expect(pointOf('egress', files).findings.map(({ place }) => place.file)).toEqual(['app/a.ts']);
  });

  it('is found in components, on its line', () => {
    const script = "import OpenAI from 'openai';\nexport const a = new OpenAI();";
    const files = new Map([
      [
        'a.vue',
        `<template>It's {{ b }}</template>\n<script setup lang="ts">\n${script}\n</script>\n`,
      ],
      ['b.svelte', `<script>\n${script}\n</script>\n<p>Don't</p>\n`],
      ['c.astro', `---\n${script}\n---\n<p>Don't</p>\n`],
    ]);
    const places = pointOf('egress', files).findings.map(
      ({ place }) => `${place.file}:${place.line}`,
    );
    expect(places).toEqual(['a.vue:4', 'b.svelte:3', 'c.astro:3']);
  });
});

describe('a project that spends only', () => {
  it.each([
    ['by a request', new Map([['a.js', "fetch('https://api.openai.com/v1/responses')"]])],
    ['by an agent', new Map([['package.json', '{ "scripts": { "fix": "claude -p fix" } }']])],
    [
      'by an SDK that nobody sees',
      new Map([['package.json', '{ "dependencies": { "openai": "1" } }']]),
    ],
    ['in Python', new Map([['a.py', 'from openai import *\nOpenAI()']])],
  ])('%s is judged', (_how, files) => {
    expect(pointOf('caps', files).status).toBe('fail');
  });
});

describe('the AI SDK', () => {
  it('is followed to providers that nobody meters', () => {
    const bad = [
      "import { xai } from '@ai-sdk/xai'; xai('grok-4');",
      "import { createGroq } from '@ai-sdk/groq'; createGroq({ fetch: guardedFetch(guard) });",
      "import { gateway } from '@ai-sdk/gateway'; gateway.languageModel('xai/grok-4');",
      "import { gateway } from 'ai'; gateway('openai/gpt-4o');",
    ];
    for (const text of bad) expect(escapes(text), text).toHaveLength(1);
    const good = [
      "import { useChat } from '@ai-sdk/react'; useChat();",
      "import { convertToModelMessages } from 'ai'; convertToModelMessages([]);",
    ];
    for (const text of good) expect(escapes(text), text).toEqual([]);
  });

  it('with models from elsewhere does not pass where no guard is seen at all', () => {
    const text = "import { generateText } from 'ai';\nimport { model } from 'elsewhere';\n";
    const call = 'export const a = generateText({ model, maxOutputTokens: 5, prompt });\n';
    const { status, findings } = pointOf('egress', new Map([['a.ts', text + call]]));
    expect(status).toBe('fail');
    expect(findings[0]?.place).toEqual({ file: 'a.ts', line: 3 });
  });
});

describe('a configuration in code', () => {
  const guard = (config: string) =>
    new Map([
      [
        'a.ts',
        `import { BudgetGuard } from 'hardcap';\nconst usd = Number(process.env['USD']);\n` +
          `export const guard = new BudgetGuard(${config});\n`,
      ],
    ]);

  it('is judged though its amounts come from the environment', () => {
    const config =
      '{ global_cap_per_day_usd: usd, caps: [{ scope: "agent", window: "day", usd: usd * 2 }] }';
    expect(pointOf('caps', guard(config)).findings).toEqual([]);
    const [finding] = pointOf('scopes', guard(config)).findings;
    expect(finding?.what).toContain('no call carries a value for agent');
  });

  it('is a warning where its caps cannot be seen, and never passes without one', () => {
    for (const config of ['load()', 'config', '{ ...defaults }', '{ timeZone: zone() }']) {
      const { findings } = pointOf('caps', guard(config));
      expect(
        findings.map(({ level }) => level),
        config,
      ).toEqual(['warn']);
    }
  });
});

describe('scopes', () => {
  const files = (name: string, call: string) =>
    new Map([
      [
        'g.ts',
        `import { BudgetGuard } from 'hardcap';\nexport const ${name} = new BudgetGuard(` +
          '{ global_cap_per_day_usd: 5, per_customer_cap_per_day_usd: 1 });\n',
      ],
      ['a.ts', `import { ${name} } from './g.js';\n${call};\n`],
    ]);

  it('are seen whatever the guard is called, and not on other things', () => {
    const carried = 'limiter.run({ customer: id }, work)';
    expect(pointOf('scopes', files('limiter', carried)).status).toBe('pass');
    expect(pointOf('scopes', files('guard', 'guard.for({ customer })')).status).toBe('pass');
    expect(pointOf('scopes', files('guard', 'insert.run({ customer })')).status).toBe('fail');
    expect(pointOf('scopes', files('guard', 'guard.run({ feature }, work)')).status).toBe('fail');
  });

  it('that are computed are a warning', () => {
    const { findings } = pointOf('scopes', files('guard', 'guard.run(scopesOf(request), work)'));
    expect(findings.map(({ level }) => level)).toEqual(['warn']);
  });
});
