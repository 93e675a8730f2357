import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import {
  SIMULATION_SCHEMA_FILE,
  simulationSchema,
  simulationSchemaText,
} from '../../scripts/simulation-schema.ts';
import { REPLAY_OPTIONS } from '../../src/cli/replay/run.ts';
import { answersField } from '../../src/cli/simulate/answers.ts';
import { SIMULATE_OPTIONS } from '../../src/cli/simulate/options.ts';
import { recordingField, recordingJson } from '../../src/cli/simulate/recording.ts';
import { scenarioField } from '../../src/cli/simulate/scenario.ts';
import { TOKEN_CLASSES } from '../../src/meter/usage.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(join(ROOT, 'docs/simulate.md'), 'utf8');
const isValid = new Ajv2020({ allErrors: true }).compile(simulationSchema());

const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(
    ([, text = '']) => text,
  );

const RECORDING = {
  kind: 'hardcap-recording',
  version: 1,
  calls: [
    {
      provider: 'openai',
      route: 'responses',
      model: 'gpt-4.1',
      scopes: { customer: ['acme'], agent: ['root', 'reader'] },
      at_ms: 12,
      body_bytes: 400,
      max_output_tokens: 100,
      usage: [{ tokens: { input: 90, cacheRead: 10, output: 7 }, fees: { webSearch: 1 } }],
    },
  ],
};

describe('the schema of what is simulated', () => {
  it('is the one that is published', () => {
    expect(readFileSync(SIMULATION_SCHEMA_FILE, 'utf8')).toBe(simulationSchemaText());
  });

  it('says of every field what it means', () => {
    const bare: string[] = [];
    const look = (value: unknown, at: string): void => {
      if (typeof value !== 'object' || value === null) return;
      for (const [name, each] of Object.entries(value)) {
        look(each, `${at}.${name}`);
        const isClass = /\.(tokens|fees)\.properties/.test(at);
        if (!at.endsWith('.properties') || isClass || 'description' in each) continue;
        bare.push(`${at}.${name}`);
      }
    };
    look(simulationSchema(), '');
    expect(bare).toEqual([]);
    expect(TOKEN_CLASSES.length).toBeGreaterThan(0);
  });

  it('takes the files of the page, and so do their readers', () => {
    const files = blocks('json').map((text) => JSON.parse(text) as { kind: string });
    expect(files.map(({ kind }) => kind)).toEqual(['hardcap-answers', 'hardcap-scenario']);
    for (const file of files) expect(isValid(file), JSON.stringify(isValid.errors)).toBe(true);
    expect(answersField.read(files[0], 'answers')).toHaveLength(2);
    const { traffic, calls } = scenarioField.read(files[1], 'scenario');
    expect([traffic.length, calls.length]).toEqual([1, 3]);
  });

  it('takes a recording as it is written', () => {
    expect(isValid(RECORDING)).toBe(true);
    const read = recordingField.read(RECORDING, 'recording');
    expect(recordingJson(read)).toEqual(RECORDING);
  });

  it.each([
    ['an unknown field', { ...RECORDING, call: [] }],
    ['a negative count', { ...RECORDING, calls: [{ ...RECORDING.calls[0], at_ms: -1 }] }],
    [
      'a provider that is none',
      { ...RECORDING, calls: [{ ...RECORDING.calls[0], provider: 'x' }] },
    ],
    ['another version', { ...RECORDING, version: 2 }],
  ])('refuses %s, and so does the reader', (_name, file) => {
    expect(isValid(file)).toBe(false);
    expect(() => recordingField.read(file, 'recording')).toThrow(/recording\./);
  });
});

describe('the page', () => {
  it('names only options that there are', () => {
    const named = [...page.matchAll(/(?<![\w-])--([a-z][a-z-]+)/g)].map(([, name]) => name ?? '');
    const options = { ...SIMULATE_OPTIONS, ...REPLAY_OPTIONS };
    const known = [...Object.keys(options), 'json', 'update'];
    expect(named.filter((name) => !known.includes(name))).toEqual(['body-file']);
  });
});
