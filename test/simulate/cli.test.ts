import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { SimulationAnswer } from '../../src/cli/simulate/answer.ts';
import { progressOf } from '../../src/cli/simulate/progress.ts';
import { epochMs } from '../../src/units/time.ts';
import { emptyFolder, simulated, worldOf } from './world.ts';

const SCENARIO = {
  kind: 'hardcap-scenario',
  version: 1,
  traffic: [
    {
      name: 'chat',
      model: { 'claude-haiku-4-5': 3, 'claude-sonnet-4-6': 1 },
      scopes: { feature: 'chat', customer: { count: 20 } },
      calls_per_hour: 20,
      input_tokens: { median: 900, sigma: 0.5 },
      cached_input_tokens: { min: 0, max: 400 },
      output_tokens: { values: [100, 200, 600] },
      max_output_tokens: 512,
    },
  ],
};

let folder: string;
const write = (name: string, value: unknown) => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  writeFileSync(join(folder, name), text);
};
const read = (name: string) => readFileSync(join(folder, name), 'utf8');
const run = (...args: string[]) => simulated(args, folder);

beforeEach(() => {
  folder = emptyFolder();
  write('traffic.json', SCENARIO);
});

describe('hardcap simulate <scenario>', () => {
  it('prints percentiles by customer, feature and model, and the caps that bind', async () => {
    write('budget-guard.config.json', { per_customer_cap_per_day_usd: 0.1 });
    const { code, out, err } = await run('traffic.json', '--runs', '10');
    expect(code, err).toBe(0);
    for (const part of ['p50', 'p90', 'p99', 'customer customer-1', 'feature chat']) {
      expect(out).toContain(part);
    }
    expect(out).toMatch(/Caps that would bind\n.*\n\S*customer\S*.*customer:customer-1/);
    expect(out).toMatch(/model claude-sonnet-4-6 +\d/);
  });

  it('is the same for the same seed, byte by byte', async () => {
    write('budget-guard.config.json', { per_customer_cap_per_day_usd: 0.1 });
    const args = ['traffic.json', '--runs', '10', '--json', '--seed'];
    const [one, same, other] = [
      await run(...args, '7'),
      await run(...args, '7'),
      await run(...args, '8'),
    ];
    expect(same.out).toBe(one.out);
    expect(other.out).not.toBe(one.out);
  });

  it('says no with --fail-on-cap where a call would be refused, and only then', async () => {
    const args = ['traffic.json', '--runs', '5', '--fail-on-cap'];
    write('budget-guard.config.json', { global_cap_per_day_usd: 0.5 });
    const bound = await run(...args);
    expect(bound.code).toBe(1);
    expect(bound.out).toMatch(/would be refused, by \S*global/);
    expect((await run('traffic.json', '--runs', '5')).code).toBe(0);
    write('budget-guard.config.json', { global_cap_per_day_usd: 500 });
    expect((await run(...args)).code).toBe(0);
  });

  it('compares with a baseline that it wrote, and names what rose', async () => {
    const args = ['traffic.json', '--runs', '20'];
    expect((await run(...args, '--write-baseline', 'baseline.json')).code).toBe(0);
    const same = await run(...args, '--baseline', 'baseline.json', '--max-increase', '0%');
    expect(same.code, same.out).toBe(0);
    const [row] = SCENARIO.traffic;
    write('dearer.json', { ...SCENARIO, traffic: [{ ...row, output_tokens: 512 }] });
    const dearer = await run(
      'dearer.json',
      '--runs',
      '20',
      '--baseline',
      'baseline.json',
      '--markdown',
      'out.md',
      '--json',
    );
    expect(dearer.code).toBe(1);
    const { failing, comparison } = JSON.parse(dearer.out) as SimulationAnswer;
    expect(failing.map(({ reason }) => reason)).toEqual(['cost-increased']);
    expect(comparison?.changes[0]).toMatchObject({ dimension: 'total', is_over: true });
    expect(read('out.md')).toContain('### ❌ hardcap simulate');
    expect(read('out.md')).toContain('| **feature chat** |');
  });

  it('answers --json in one fixed shape', async () => {
    const { out } = await run('traffic.json', '--runs', '2', '--json');
    const answer = JSON.parse(out) as SimulationAnswer;
    expect(Object.keys(answer)).toEqual([
      'kind',
      'version',
      'source',
      'dry_run',
      'forecast',
      'comparison',
      'failing',
      'notes',
    ]);
    expect(Object.keys(answer.forecast)).toEqual([
      'calls_per_day',
      'seed',
      'runs',
      'days',
      'cost',
      'groups',
      'under_caps',
    ]);
    expect(answer.forecast.groups[0]).toMatchObject({
      dimension: 'customer',
      value: 'customer-1',
      cost: { mean_nano_usd: expect.any(Number) },
    });
  });

  it('writes names into Markdown as text and nothing else', async () => {
    const [row] = SCENARIO.traffic;
    const feature = '| [x](http://evil) <img src=x> **b** `c`\n# @all';
    write('odd.json', { ...SCENARIO, traffic: [{ ...row, scopes: { feature } }] });
    expect((await run('odd.json', '--runs', '2', '--markdown', 'out.md')).code).toBe(0);
    const line = read('out.md')
      .split('\n')
      .find((each) => each.includes('evil'));
    expect(line).not.toMatch(/<img|\[x\]|\*\*b|`c|@all|# /);
    expect(line?.split('|')).toHaveLength(8);
  });
});

describe('what cannot be meant ends with 2, says what to do, and does nothing', () => {
  const [row] = SCENARIO.traffic;
  const call = { model: 'gpt-4o', input_tokens: 1, output_tokens: 1 };
  const files: Readonly<Record<string, unknown>> = {
    'text.json': 'no JSON',
    'other.json': { kind: 'something' },
    'empty.json': { kind: 'hardcap-scenario', version: 1, traffic: [] },
    'neither.json': { kind: 'hardcap-scenario', version: 1 },
    'newer.json': { ...SCENARIO, version: 2 },
    'field.json': { ...SCENARIO, trafic: [] },
    'hours.json': { ...SCENARIO, traffic: [{ ...row, calls_per_hour: [1, 2] }] },
    'tokens.json': { ...SCENARIO, traffic: [{ ...row, output_tokens: { median: 5 } }] },
    'range.json': { ...SCENARIO, traffic: [{ ...row, input_tokens: { min: 5, max: 4 } }] },
    'model.json': { ...SCENARIO, calls: [{ ...call, model: 'gpt-4o-mimi' }] },
    'ceiling.json': { ...SCENARIO, calls: [{ ...call, model: 'claude-haiku-4-5' }] },
    'weights.json': { ...SCENARIO, traffic: [{ ...row, model: { 'gpt-4o': 0 } }] },
    'caps.json': { global_cap_per_day_usd: 1 },
    'recording.json': { kind: 'hardcap-recording', version: 1, calls: [] },
  };

  it.each([
    [[], 'Say a command behind --'],
    [['nowhere.json'], 'nowhere.json cannot be read'],
    [['text.json'], 'text.json is not JSON'],
    [['other.json'], '"kind": "hardcap-scenario"'],
    [['empty.json'], 'must have 1 to 10000'],
    [['neither.json'], 'needs at least one of traffic, calls'],
    [['newer.json'], 'newer.json.version = 2'],
    [['field.json'], 'Nearest valid form: traffic'],
    [['hours.json'], 'or 24: one for each hour'],
    [['tokens.json'], 'output_tokens.sigma'],
    [['range.json'], 'must not be below `min`'],
    [['model.json'], 'Did you mean gpt-4o-mini?'],
    [['ceiling.json'], 'Say "max_output_tokens": 1024'],
    [['weights.json'], 'at least one value of positive weight'],
    [['recording.json'], 'has no call to draw from'],
    [['traffic.json', '--recording', 'recording.json'], 'Say one of them'],
    [['traffic.json', '--record', 'x.json'], 'no command is run'],
    [['traffic.json', '--max-increase', '10'], 'Say --max-increase 10%'],
    [['traffic.json', '--customer-skew', 'much'], 'Say --customer-skew 1'],
    [['traffic.json', '--answer-sigma', '4'], 'no number from 0 to 3'],
    [['traffic.json', '--baseline', 'nowhere.json'], 'nowhere.json cannot be read'],
    [['traffic.json', '--baseline', 'traffic.json'], 'traffic.json.kind'],
    [['traffic.json', '--config', 'nowhere.json'], 'nowhere.json'],
    [['traffic.json', '--calls-per-day', '1000000'], 'Say --runs 50'],
    [['traffic.json', '--customers', '20000', '--runs', '2000'], 'Say fewer --runs, --days'],
    [
      [
        'traffic.json',
        '--config',
        'caps.json',
        '--calls-per-day',
        '1000000',
        '--runs',
        '5',
        '--days',
        '3',
      ],
      'Say fewer --days or --calls-per-day',
    ],
    [['traffic.json', '--runs', '0'], 'no whole number from 1'],
    [['traffic.json', '--sed', '1'], 'Did you mean --seed?'],
    [['--', 'no-such-program-here'], 'cannot be started'],
    [['--', 'node', '-e', '0'], 'made no call that a provider would bill'],
    [['--attribute', 'customer=cookie', '--', 'node', '-e', '0'], 'customer=header:x-customer'],
  ])('%j', async (args, told) => {
    for (const [name, value] of Object.entries(files)) write(name, value);
    const [first] = args;
    const all = first === '--' ? ['--write-baseline', 'never.json', ...args] : args;
    const { code, out, err } = await run(...all);
    expect(err).toContain(told);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(() => read('never.json')).toThrow('ENOENT');
  });
});

describe('progress', () => {
  const at = { ms: 0 };
  const stage = (isTerminal: boolean) => {
    at.ms = 0;
    const { world, written } = worldOf('.', { isTerminal, clock: () => epochMs(at.ms)! });
    return { progress: progressOf(world, 'days drawn'), written };
  };

  it('is silent where it is done at once', () => {
    const { progress, written } = stage(true);
    progress.step(1, 2);
    progress.step(2, 2);
    progress.end();
    expect(written.err).toBe('');
  });

  it('draws a bar over itself on a terminal, and takes it away', () => {
    const { progress, written } = stage(true);
    at.ms = 1_000;
    progress.step(1, 4);
    progress.step(2, 4);
    at.ms = 2_000;
    progress.step(3, 4);
    progress.end();
    expect(written.err.split('\r').slice(1)).toEqual([
      `days drawn ${'█'.repeat(6)}${'░'.repeat(18)} 25 % (1 of 4)`,
      `days drawn ${'█'.repeat(18)}${'░'.repeat(6)} 75 % (3 of 4)`,
      '\u001b[2K',
    ]);
  });

  it('writes a line a quarter elsewhere', () => {
    const { progress, written } = stage(false);
    at.ms = 1_000;
    for (let done = 1; done <= 8; done += 1) progress.step(done, 8);
    progress.end();
    expect(written.err.split('\n').slice(0, -1)).toEqual(
      [2, 4, 6, 8].map((done) => `days drawn: ${done} of 8`),
    );
  });
});
