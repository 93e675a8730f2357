import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ReplayAnswer } from '../../src/cli/replay/answer.ts';
import { Random } from '../../src/cli/simulate/random.ts';
import { epochMs } from '../../src/units/time.ts';
import { hardcap } from './terminal.ts';

const HOUR_MS = 3_600_000;
const START = ['--start', '2026-11-21T00:00:00Z'];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hardcap-replay-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, value: unknown) =>
  writeFileSync(join(folder, name), typeof value === 'string' ? value : JSON.stringify(value));
const recording = (calls: readonly object[]) => ({ kind: 'hardcap-recording', version: 1, calls });

/** Plays the calls under the configuration. */
async function played(calls: readonly object[], config: object, args: readonly string[] = START) {
  write('seen.json', recording(calls));
  write('budget-guard.config.json', config);
  const ran = await hardcap(['replay', 'seen.json', '--json', ...args], { cwd: folder });
  expect(ran.err).toBe('');
  return { exit: ran.exit, answer: ran.json<ReplayAnswer>() };
}

/** 1,000 in at $1 and 200 out at $5 a million: $0.002. */
const haiku = (customer: string, hour: number) => ({
  provider: 'anthropic',
  route: 'messages',
  model: 'claude-haiku-4-5',
  scopes: { customer, feature: 'chat' },
  at_ms: hour * HOUR_MS,
  max_output_tokens: 200,
  usage: [{ tokens: { input: 1_000, output: 200 } }],
});
const HAIKU_NANO_USD = 2_000_000;

/** 5,000 out at $10 a million: $0.05; held for 10,000, $0.10, and less than a cent of input. */
const gpt = (hour: number) => ({
  provider: 'openai',
  route: 'chat.completions',
  model: 'gpt-4o',
  at_ms: hour * HOUR_MS,
  body_bytes: 200,
  max_output_tokens: 10_000,
  usage: [{ tokens: { output: 5_000 } }],
});
const GPT_NANO_USD = 50_000_000;
/** Else its bound is that of the dearest tier. */
const assume = { openai: { serviceTier: 'standard' } };

describe('hardcap replay', () => {
  it('says which calls would have been refused, by which cap, when, and what is billed', async () => {
    // The first three stand after the others in the file, and are made at the same hours.
    const calls = [
      ...[8, 9, 10].map((hour) => haiku('globex', hour)),
      ...[8, 9, 10, 11, 12].map((hour) => haiku('acme', hour)),
    ];
    const caps = [{ id: 'three', scope: 'customer', window: 'day', calls: 3 }];
    const { exit, answer } = await played(calls, { caps });
    expect(exit).toBe(1);
    const refused = {
      model: 'claude-haiku-4-5',
      scopes: { customer: ['acme'], feature: ['chat'] },
      cap_id: 'three',
      scope: 'customer:acme',
      window: 'day',
      code: null,
      is_observed: false,
      billed_nano_usd: HAIKU_NANO_USD,
    };
    expect(answer).toMatchObject({
      kind: 'hardcap-replay',
      version: 1,
      source: 'seen.json',
      from: '2026-11-21T00:00:00.000Z',
      to: '2026-11-21T12:00:00.000Z',
      calls: 8,
      refused_calls: 2,
      adapted_calls: 0,
      billed_nano_usd: 8 * HAIKU_NANO_USD,
      under_caps_nano_usd: 6 * HAIKU_NANO_USD,
    });
    expect(answer.refusals).toEqual([
      { call: 7, at: '2026-11-21T11:00:00.000Z', ...refused },
      { call: 8, at: '2026-11-21T12:00:00.000Z', ...refused },
    ]);
    const row = (dimension: string, value: string, [all, no]: readonly [number, number]) => ({
      dimension,
      value,
      calls: all,
      refused_calls: no,
      billed_nano_usd: all * HAIKU_NANO_USD,
      under_caps_nano_usd: (all - no) * HAIKU_NANO_USD,
    });
    expect(answer.groups).toEqual([
      row('customer', 'acme', [5, 2]),
      row('customer', 'globex', [3, 0]),
      row('feature', 'chat', [8, 2]),
      row('model', 'claude-haiku-4-5', [8, 2]),
    ]);
    expect(answer.caps).toEqual([
      {
        cap_id: 'three',
        window: 'day',
        is_observed: false,
        refused_calls: 2,
        first_refused: { call: 7, at: '2026-11-21T11:00:00.000Z', scope: 'customer:acme' },
        most_used: {
          scope: 'customer:globex',
          used_share: 1,
          used_of: 'calls',
          spent: 3,
          cap: 3,
        },
      },
    ]);
  });

  it('holds each call at its bound: what could have been dearer is refused', async () => {
    // Before the fourth $0.15 is spent, and more than $0.10 must fit beside it.
    const caps = [
      { id: 'quarter', scope: 'global', window: 'day', usd: 0.25 },
      { id: 'many', scope: 'global', window: 'lifetime', calls: 100 },
    ];
    const { exit, answer } = await played([0, 1, 2, 3, 4].map(gpt), { assume, caps });
    expect(exit).toBe(1);
    expect(answer.refusals.map(({ call, cap_id: id }) => [call, id])).toEqual([
      [4, 'quarter'],
      [5, 'quarter'],
    ]);
    expect(answer.billed_nano_usd).toBe(5 * GPT_NANO_USD);
    expect(answer.under_caps_nano_usd).toBe(3 * GPT_NANO_USD);
    expect(answer.caps.map(({ cap_id: id, most_used: used }) => [id, used])).toEqual([
      [
        'quarter',
        { scope: 'global', used_share: 0.6, used_of: 'usd', spent: 150_000_000, cap: 250_000_000 },
      ],
      ['many', { scope: 'global', used_share: 0.03, used_of: 'calls', spent: 3, cap: 100 }],
    ]);
  });

  it('makes calls at their own instants: together they need room that apart they do not', async () => {
    const config = { assume, caps: [{ scope: 'global', window: 'day', usd: 0.25 }] };
    const apart = await played([0, 1, 2].map(gpt), config);
    expect(apart.exit).toBe(0);
    expect(apart.answer.refusals).toEqual([]);
    // Two hold more than $0.20 between them.
    const together = await played([0, 0, 0].map(gpt), config);
    expect(together.exit).toBe(1);
    expect(together.answer.refusals.map(({ call }) => call)).toEqual([3]);
  });

  it('goes by windows from --start on, over midnight, in the time zone of the caps', async () => {
    const calls = [0, 23, 25].map((hour) => haiku('acme', hour));
    const config = { caps: [{ scope: 'customer', window: 'day', calls: 2 }] };
    expect((await played(calls, config)).answer.refused_calls).toBe(0);
    // From midday: the second is made at 11:00 of the next day, and the third at 13:00.
    const one = { caps: [{ scope: 'customer', window: 'day', calls: 1 }] };
    const midday = await played(calls, one, ['--start', '2026-11-21T12:00:00Z']);
    expect(midday.answer.refusals.map(({ call, at }) => [call, at])).toEqual([
      [3, '2026-11-22T13:00:00.000Z'],
    ]);
    // At midnight in UTC it is 05:30 in Kolkata: 23 hours later the next day has begun there.
    const there = await played(calls, { ...one, timeZone: 'Asia/Kolkata' });
    expect(there.answer.refusals.map(({ call }) => call)).toEqual([3]);
    const here = await played(calls, one);
    expect(here.answer.refusals.map(({ call }) => call)).toEqual([2]);
  });

  it('begins at midnight of today where nothing says when, and tells so', async () => {
    write('seen.json', recording([haiku('acme', 1)]));
    write('budget-guard.config.json', { timeZone: 'Asia/Kolkata', global_cap_per_day_usd: 5 });
    const clock = () => epochMs(Date.UTC(2026, 10, 22, 10))!;
    const ran = await hardcap(['replay', 'seen.json', '--json'], { cwd: folder, clock });
    const answer = ran.json<ReplayAnswer>();
    expect(answer.from).toBe('2026-11-21T18:30:00.000Z');
    expect(answer.to).toBe('2026-11-21T19:30:00.000Z');
    expect(answer.notes.join(' ')).toContain('at midnight, unless --start says');
  });

  it('lists what a cap would have refused that only watches, and the answer is yes', async () => {
    const caps = [{ id: 'eye', scope: 'global', window: 'day', calls: 2, mode: 'observe' }];
    const { exit, answer } = await played(
      [1, 2, 3].map((hour) => haiku('acme', hour)),
      { caps },
    );
    expect(exit).toBe(0);
    expect(answer.refused_calls).toBe(0);
    expect(answer.under_caps_nano_usd).toBe(3 * HAIKU_NANO_USD);
    expect(answer.refusals).toMatchObject([{ call: 3, cap_id: 'eye', is_observed: true }]);
    expect(answer.caps).toMatchObject([{ cap_id: 'eye', is_observed: true, refused_calls: 1 }]);
  });

  it('names a refusal that no cap is the cause of by its code', async () => {
    const caps = [{ scope: 'agent', window: 'day', usd: 5, unattributed: 'refuse' }];
    const { exit, answer } = await played([haiku('acme', 1)], { caps });
    expect(exit).toBe(1);
    expect(answer.refusals).toMatchObject([{ call: 1, cap_id: null, code: 'SCOPE_MISSING' }]);
    expect(answer.caps).toMatchObject([{ refused_calls: 0, most_used: null }]);
  });

  it('counts calls that are changed to fit, and bills them as they would be', async () => {
    // $0.08 of output at most beside the input: 8,000 tokens and fewer.
    const config = {
      assume,
      onShort: 'fit',
      caps: [{ scope: 'global', window: 'day', usd: 0.08 }],
    };
    const long = { ...gpt(0), usage: [{ tokens: { output: 10_000 } }] };
    const { exit, answer } = await played([long], config);
    expect(exit).toBe(0);
    expect(answer.adapted_calls).toBe(1);
    expect(answer.billed_nano_usd).toBe(100_000_000);
    expect(answer.under_caps_nano_usd).toBeGreaterThan(70_000_000);
    expect(answer.under_caps_nano_usd).toBeLessThanOrEqual(80_000_000);
  });
});

describe('the books of a replay', () => {
  const random = new Random(7, 'replay');
  const calls = Array.from({ length: 300 }, () => ({
    ...(random.below(2) === 0 ? gpt(0) : haiku('x', 0)),
    scopes: { customer: `c${random.below(5)}`, feature: `f${random.below(3)}` },
    at_ms: random.below(48 * HOUR_MS),
  }));
  const total = { id: 'total', scope: 'global', window: 'lifetime', usd: 1_000 };

  it('are equal where nothing is refused: whole, by group, and in the account of a cap', async () => {
    const { exit, answer } = await played(calls, { caps: [total] });
    const gpts = calls.filter(({ provider }) => provider === 'openai').length;
    const billed = gpts * GPT_NANO_USD + (calls.length - gpts) * HAIKU_NANO_USD;
    expect(exit).toBe(0);
    expect(answer.billed_nano_usd).toBe(billed);
    expect(answer.under_caps_nano_usd).toBe(billed);
    expect(answer.caps[0]?.most_used?.spent).toBe(billed);
    for (const group of answer.groups) {
      expect(group.under_caps_nano_usd).toBe(group.billed_nano_usd);
    }
  });

  it('are equal where something is: billed is what went and what was refused', async () => {
    const caps = [
      total,
      { id: 'each', scope: 'customer', window: 'day', usd: 0.4 },
      { id: 'count', scope: 'feature', window: 'hour', calls: 3 },
    ];
    const { exit, answer } = await played(calls, { caps });
    expect(exit).toBe(1);
    const { refusals, groups, billed_nano_usd: billed, under_caps_nano_usd: went } = answer;
    const sum = (values: readonly number[]) => values.reduce((left, right) => left + right, 0);
    expect(new Set(refusals.map(({ call }) => call)).size).toBe(answer.refused_calls);
    expect(answer.refused_calls).toBeGreaterThan(10);
    expect(went + sum(refusals.map((refusal) => refusal.billed_nano_usd))).toBe(billed);
    expect(answer.caps.find(({ cap_id: id }) => id === 'total')?.most_used?.spent).toBe(went);
    expect(sum(answer.caps.map((cap) => cap.refused_calls))).toBe(answer.refused_calls);
    for (const dimension of ['customer', 'feature', 'model']) {
      const own = groups.filter((group) => group.dimension === dimension);
      expect(sum(own.map((group) => group.calls))).toBe(300);
      expect(sum(own.map((group) => group.refused_calls))).toBe(answer.refused_calls);
      expect(sum(own.map((group) => group.billed_nano_usd))).toBe(billed);
      expect(sum(own.map((group) => group.under_caps_nano_usd))).toBe(went);
    }
    for (const { most_used: used } of answer.caps) expect(used?.used_share).toBeLessThanOrEqual(1);
  });

  it('are the same each time, byte by byte, in whichever order the file has its calls', async () => {
    const config = { per_customer_cap_per_day_usd: 0.4 };
    const [one, same] = [await played(calls, config), await played(calls, config)];
    expect(JSON.stringify(same)).toBe(JSON.stringify(one));
    const other = await played(calls.toReversed(), config);
    expect(other.answer.groups).toEqual(one.answer.groups);
    expect(other.answer.refusals.map(({ call, at }) => [301 - call, at])).toEqual(
      one.answer.refusals.map(({ call, at }) => [call, at]),
    );
  });
});

describe('for people', () => {
  it('prints the bill, the caps and the refused calls, and writes the same as Markdown', async () => {
    const name = '| [x](http://evil) <b>';
    write('seen.json', recording([1, 2, 3].map((hour) => haiku(name, hour))));
    write('caps.json', { caps: [{ id: 'two', scope: 'customer', window: 'day', calls: 2 }] });
    const args = ['replay', 'seen.json', '--config', 'caps.json', '--markdown', 'out.md', ...START];
    const { exit, out } = await hardcap(args, { cwd: folder });
    expect(exit).toBe(1);
    expect(out).toContain('1 call of 3 (33.3 %) would have been refused');
    expect(out).toContain('$0.00600 was billed, and $0.00400 would have been under the caps');
    expect(out).toMatch(/two +1 +2026-11-21 03:00:00Z +customer:.*2 of 2 calls \(100\.0 %\)/);
    expect(out).toMatch(/2026-11-21 03:00:00Z +3 +claude-haiku-4-5 +two +customer:/);
    const page = readFileSync(join(folder, 'out.md'), 'utf8');
    expect(page).toContain('### ❌ hardcap replay');
    expect(page).not.toMatch(/\[x\]|<b>/);
  });

  it('--help says what the exit codes mean and how to begin', async () => {
    const { exit, out } = await hardcap(['replay', '--help']);
    expect(exit).toBe(0);
    expect(out).toContain('hardcap replay seen.json');
    expect(out).toContain('at least one call would have been refused');
    expect(out).toContain('--start');
  });
});

describe('what cannot be meant ends with 2, says what to do, and writes nothing', () => {
  const one = haiku('acme', 0);
  const files: Readonly<Record<string, unknown>> = {
    'seen.json': recording([one]),
    'none.json': { caps: [] },
    'text.json': 'no JSON',
    'other.json': { kind: 'something' },
    'empty.json': recording([]),
    'newer.json': { ...recording([one]), version: 2 },
    'model.json': recording([{ ...one, model: 'claude-haiku-4-6' }]),
    'ceiling.json': recording([{ ...one, max_output_tokens: undefined }]),
    'far.json': recording([one, { ...one, at_ms: 9e15 }]),
    'scenario.json': {
      kind: 'hardcap-scenario',
      version: 1,
      calls: [{ model: 'gpt-4o', input_tokens: 1, output_tokens: 1 }],
    },
    'budget-guard.config.json': { global_cap_per_day_usd: 1 },
  };

  it.each([
    [['text.json'], 'text.json is not JSON'],
    [['other.json'], 'Say which it is'],
    [['empty.json'], 'has no call'],
    [['newer.json'], 'newer.json.version = 2'],
    [['model.json'], 'Did you mean claude-haiku-4-5?'],
    [['ceiling.json'], 'Say "max_output_tokens": 1024'],
    [['far.json'], 'Correct its at_ms'],
    [['scenario.json'], 'Say `hardcap simulate scenario.json`'],
    [['seen.json', '--config', 'none.json'], 'Say --config <file> with caps'],
    [['seen.json', '--config', 'nowhere.json'], 'nowhere.json'],
    [['seen.json', '--start', 'yesterday'], '--start'],
    [['seen.json', '--strat', '2026-11-21'], 'Did you mean --start?'],
    [[], 'needs <recording>'],
  ])('%j', async (args, told) => {
    for (const [name, value] of Object.entries(files)) write(name, value);
    const all = ['replay', ...args, ...(args.length === 0 ? [] : ['--markdown', 'never.md'])];
    const { exit, out, err } = await hardcap(all, { cwd: folder });
    expect(err).toContain(told);
    expect({ exit, out }).toEqual({ exit: 2, out: '' });
    expect(() => readFileSync(join(folder, 'never.md'))).toThrow('ENOENT');
  });

  it('a recording that cannot be read ends with 3, and says how one is written', async () => {
    write('budget-guard.config.json', { global_cap_per_day_usd: 1 });
    const { exit, out, err } = await hardcap(['replay', 'nowhere.json'], { cwd: folder });
    expect({ exit, out }).toEqual({ exit: 3, out: '' });
    expect(err).toContain('nowhere.json cannot be read');
    expect(err).toContain('hardcap simulate --record seen.json');
  });
});
