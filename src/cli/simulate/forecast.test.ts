import { describe, expect, it } from 'vitest';
import type { BudgetGuardConfig } from '../../policy/config.ts';
import { tokens } from '../../units/count.ts';
import { epochMs } from '../../units/time.ts';
import { forecast, type Forecast } from './forecast.ts';
import { groundOf, trafficOf, type Scale } from './plan.ts';
import type { SimulatedFile } from './read-file.ts';
import type { RecordedCall } from './recording.ts';
import { recordingField } from './recording.ts';
import { scenarioField } from './scenario.ts';

const TODAY = epochMs(Date.UTC(2026, 10, 22, 10))!;
const AS_IT_IS: Scale = { callsPerDay: undefined, customers: undefined, customerSkew: 1 };

/** 1,000 in at $1 and 200 out at $5 a million: $0.002. */
const CALL = { model: 'claude-haiku-4-5', input_tokens: 1_000, output_tokens: 200 };
const CALL_NANO_USD = 2_000_000;
const HOUR_MS = 3_600_000;

const scenario = (value: object): SimulatedFile => ({
  kind: 'scenario',
  scenario: scenarioField.read({ kind: 'hardcap-scenario', version: 1, ...value }, 'scenario'),
});

/** So many calls of a customer, one each hour from 08:00. */
const hourly = (customer: string, count: number) =>
  Array.from({ length: count }, (_, index) => ({
    ...CALL,
    max_output_tokens: 200,
    scopes: { customer, feature: 'chat' },
    at_ms: (8 + index) * HOUR_MS,
  }));

interface Asked {
  readonly config?: BudgetGuardConfig;
  readonly seed?: number;
  readonly runs?: number;
  readonly days?: number;
  readonly scale?: Scale;
}

async function forecasted(file: SimulatedFile, asked: Asked = {}): Promise<Forecast> {
  const { config, seed = 1, runs = 20, days = 1, scale = AS_IT_IS } = asked;
  const { pricing, guard } = groundOf(config, TODAY);
  const traffic = trafficOf(file, pricing, scale);
  const progress = { step: () => undefined };
  const { signal } = new AbortController();
  return await forecast({ traffic, seed, runs, days, guard, progress, signal });
}

const group = ({ groups }: Forecast, dimension: string, value: string) =>
  groups.find((each) => each.dimension === dimension && each.value === value);

describe('a script of calls', () => {
  it('costs exactly the sum of its calls, whole and by group, at every percentile', async () => {
    const calls = [...hourly('acme', 5), ...hourly('globex', 3)];
    const result = await forecasted(scenario({ calls }));
    const whole = 8 * CALL_NANO_USD;
    expect(result.cost).toEqual({
      mean_nano_usd: whole,
      p50_nano_usd: whole,
      p90_nano_usd: whole,
      p99_nano_usd: whole,
    });
    expect(result.calls_per_day).toBe(8);
    expect(group(result, 'customer', 'acme')?.cost.mean_nano_usd).toBe(5 * CALL_NANO_USD);
    expect(group(result, 'customer', 'globex')?.calls_per_day).toBe(3);
    expect(group(result, 'model', 'claude-haiku-4-5')?.cost.p50_nano_usd).toBe(whole);
    expect(result.under_caps).toBeNull();
  });

  it('is clipped at its ceiling, and cached input is priced as that', async () => {
    const calls = [
      { ...CALL, max_output_tokens: 100 },
      { ...CALL, max_output_tokens: 200, cached_input_tokens: 400 },
    ];
    const result = await forecasted(scenario({ calls }));
    // 1,000 x $1 + 100 x $5; 600 x $1 + 400 x $0.10 + 200 x $5, a million each.
    expect(result.cost.mean_nano_usd).toBe(1_500_000 + 1_640_000);
  });
});

describe('the guard of the configuration, in simulated time', () => {
  it('says which cap binds, for whom and at what time of day', async () => {
    const config = { caps: [{ scope: 'customer', window: 'day', calls: 3 }] } as const;
    const calls = [...hourly('acme', 5), ...hourly('globex', 3)];
    const { under_caps: caps } = await forecasted(scenario({ calls }), { config });
    expect(caps?.refused_per_day).toBe(2);
    expect(caps?.cost.mean_nano_usd).toBe(6 * CALL_NANO_USD);
    expect(caps?.caps).toEqual([
      {
        cap_id: expect.stringContaining('customer'),
        window: 'day',
        is_observed: false,
        days_bound_share: 1,
        refused_per_day: 2,
        first_bound: { day: 1, time: '11:00' },
        most_refused: 'customer:acme',
      },
    ]);
  });

  it('opens a new window when its time comes, and keeps a longer one over days', async () => {
    const calls = hourly('acme', 5);
    const daily = { caps: [{ scope: 'global', window: 'day', calls: 5 }] } as const;
    const free = await forecasted(scenario({ calls }), { config: daily, days: 3 });
    expect(free.under_caps?.refused_per_day).toBe(0);
    const weekly = { caps: [{ scope: 'global', window: 'lifetime', calls: 7 }] } as const;
    const { under_caps: caps } = await forecasted(scenario({ calls }), { config: weekly, days: 3 });
    // Of 15 calls 7 go: all of the first day, and those at 08:00 and 09:00 of the second.
    expect(caps?.refused_per_day).toBeCloseTo(8 / 3);
    expect(caps?.caps[0]?.first_bound).toEqual({ day: 2, time: '10:00' });
    expect(caps?.caps[0]?.days_bound_share).toBeCloseTo(2 / 3);
  });

  it('begins its days at midnight of the configured time zone', async () => {
    // From 08:00 to 20:00, which are one day there, and two where a day begins at midnight in UTC.
    const calls = hourly('a', 13);
    const timeZone = 'Asia/Kolkata';
    const config = { timeZone, caps: [{ scope: 'global', window: 'day', calls: 12 }] } as const;
    const { under_caps: caps } = await forecasted(scenario({ calls }), { config });
    expect(caps?.refused_per_day).toBe(1);
    expect(caps?.caps[0]?.first_bound.time).toBe('20:00');
  });

  it('counts what a cap would refuse that only watches, and lets it go', async () => {
    const observe = { scope: 'global', window: 'day', calls: 2, mode: 'observe' } as const;
    const { under_caps: caps } = await forecasted(scenario({ calls: hourly('a', 5) }), {
      config: { caps: [observe] },
    });
    expect(caps?.refused_per_day).toBe(0);
    expect(caps?.caps[0]).toMatchObject({ is_observed: true, refused_per_day: 3 });
    expect(caps?.cost.mean_nano_usd).toBe(5 * CALL_NANO_USD);
  });

  it('never spends more than a cap of money, and names other refusals by their code', async () => {
    const config = { global_cap_per_day_usd: 0.02 };
    const capped = await forecasted(scenario({ calls: hourly('a', 15) }), { config });
    expect(capped.under_caps?.cost.mean_nano_usd).toBeLessThanOrEqual(20_000_000);
    expect(capped.under_caps?.refused_per_day).toBeGreaterThan(0);
    const caps = [{ scope: 'agent', window: 'day', usd: 5, unattributed: 'refuse' }] as const;
    const missing = await forecasted(scenario({ calls: hourly('a', 2) }), { config: { caps } });
    expect(missing.under_caps?.other_refusals_per_day).toEqual({ SCOPE_MISSING: 2 });
  });

  it('fits calls that the configuration says to fit, and cuts their answers there', async () => {
    // The input of 4,000 bytes is bounded below $0.006, and 200 of output cost $0.001.
    const tight = { global_cap_per_day_usd: 0.0065, minOutputTokens: 16 } as const;
    const calls = [{ ...CALL, output_tokens: 2_000, max_output_tokens: 2_000 }];
    const refused = await forecasted(scenario({ calls }), { config: tight });
    expect(refused.under_caps?.cost.mean_nano_usd).toBe(0);
    const config = { ...tight, onShort: 'fit' } as const;
    const { under_caps: fitted, cost } = await forecasted(scenario({ calls }), { config });
    expect(fitted?.refused_per_day).toBe(0);
    expect(fitted?.cost.mean_nano_usd).toBeGreaterThan(1_000_000);
    expect(fitted?.cost.mean_nano_usd).toBeLessThanOrEqual(6_500_000);
    expect(cost.mean_nano_usd).toBe(11_000_000);
  });

  it('spends under roomy caps what it costs without, whether or not a tier is named', async () => {
    const call = { model: 'gpt-4o', input_tokens: 1_000, output_tokens: 100 };
    const config = { global_cap_per_day_usd: 1 } as const;
    const result = await forecasted(scenario({ calls: [call] }), { config, runs: 1 });
    // 1,000 x $2.50 and 100 x $10 a million.
    expect(result.cost.mean_nano_usd).toBe(3_500_000);
    expect(result.under_caps?.cost.mean_nano_usd).toBe(3_500_000);
  });

  it('lets calls overlap as long as they last', async () => {
    const row = {
      model: 'gpt-4o',
      calls_per_hour: 60,
      input_tokens: 100,
      output_tokens: 10,
      max_output_tokens: 10_000,
    };
    // Held for each: 10,000 of output at $10 a million, $0.10, and its input; little is spent.
    const config = {
      global_cap_per_minute_usd: 0.25,
      assume: { openai: { serviceTier: 'standard' } },
    } as const;
    const refusedAt = async (duration: number) => {
      const file = scenario({ traffic: [{ ...row, duration_ms: duration }] });
      return (await forecasted(file, { config, runs: 1 })).under_caps?.refused_per_day ?? NaN;
    };
    const [short, long] = [await refusedAt(1), await refusedAt(45_000)];
    expect(short).toBe(0);
    expect(long).toBeGreaterThan(0);
  });
});

describe('traffic that is drawn', () => {
  const rows = [
    {
      ...CALL,
      max_output_tokens: 200,
      calls_per_hour: Array.from({ length: 24 }, (_, hour) => (hour === 12 ? 240 : 0)),
      scopes: { customer: { acme: 3, globex: 1 }, feature: 'chat' },
    },
  ];
  const file = scenario({ traffic: rows });

  it('has about as many calls as its rate says, at its hours, and costs as much', async () => {
    const config = { caps: [{ scope: 'global', window: 'day', calls: 1 }] } as const;
    const result = await forecasted(file, { runs: 100, config });
    // The mean of 100 days of 240 calls each has a deviation of sqrt(240 / 100) calls.
    const perDay = group(result, 'feature', 'chat')?.calls_per_day ?? 0;
    expect(Math.abs(perDay - 240)).toBeLessThan(5 * Math.sqrt(2.4));
    expect(result.cost.mean_nano_usd).toBe(Math.round(perDay * CALL_NANO_USD));
    const { p50_nano_usd: p50, p90_nano_usd: p90, p99_nano_usd: p99 } = result.cost;
    expect(p50).toBeLessThan(p90);
    expect(p90).toBeLessThan(p99);
    expect(result.under_caps?.caps[0]?.first_bound.time.slice(0, 2)).toBe('12');
    const acme = group(result, 'customer', 'acme')?.calls_per_day ?? 0;
    expect(acme / perDay).toBeCloseTo(0.75, 1);
  });

  it('is the same for the same seed, and another for another', async () => {
    const config = { per_customer_cap_per_day_usd: 0.2 };
    const [one, same, other] = [
      await forecasted(file, { config, seed: 7 }),
      await forecasted(file, { config, seed: 7 }),
      await forecasted(file, { config, seed: 8 }),
    ];
    expect(same).toEqual(one);
    expect(other.cost).not.toEqual(one.cost);
  });

  it('is scaled to the calls that are asked for', async () => {
    const scale = { ...AS_IT_IS, callsPerDay: 1_200 };
    const result = await forecasted(file, { runs: 50, scale });
    expect(result.calls_per_day).toBeCloseTo(1_200);
    const perDay = group(result, 'feature', 'chat')?.calls_per_day ?? 0;
    expect(Math.abs(perDay - 1_200)).toBeLessThan(5 * Math.sqrt(1_200 / 50));
  });
});

describe('a recording', () => {
  const recorded = (calls: readonly Partial<RecordedCall>[]): SimulatedFile => ({
    kind: 'recording',
    recording: {
      answers: undefined,
      calls: calls.map((call) => ({
        provider: 'anthropic',
        route: 'messages',
        model: 'claude-haiku-4-5',
        scopes: {},
        atMs: 0,
        bodyBytes: 400,
        outputMax: 200,
        usage: usageOf(1_000, 200),
        ...call,
      })),
    },
  });

  it('as it is costs what its calls cost, once a day', async () => {
    const result = await forecasted(recorded([{}, { usage: usageOf(2_000, 0) }]));
    expect(result.cost.p99_nano_usd).toBe(CALL_NANO_USD + 2_000_000);
    expect(result.runs).toBe(1);
  });

  it('scaled has the exact mean of its calls, and days that differ', async () => {
    const file = recorded([{}, { usage: usageOf(4_000, 0) }]);
    const scale = { ...AS_IT_IS, callsPerDay: 100 };
    const result = await forecasted(file, { scale, runs: 50 });
    expect(result.cost.mean_nano_usd).toBe(50 * CALL_NANO_USD + 50 * 4_000_000);
    expect(result.cost.p99_nano_usd).toBeGreaterThan(result.cost.p50_nano_usd);
  });

  it('spread over customers gives each its share by Zipf', async () => {
    const scale = { callsPerDay: 60, customers: 2, customerSkew: 1 };
    const result = await forecasted(recorded([{}]), { scale });
    expect(group(result, 'customer', 'customer-1')?.cost.mean_nano_usd).toBe(40 * CALL_NANO_USD);
    expect(group(result, 'customer', 'customer-2')?.calls_per_day).toBeCloseTo(20);
    expect(group(result, 'customer', 'unattributed')).toBeUndefined();
  });

  it('keeps the calls of a session together', async () => {
    const session = (name: string) => ({ scopes: { session: [name] } });
    const file = recorded([{ ...session('a'), atMs: 5 }, session('b'), session('b'), session('b')]);
    const { pricing } = groundOf(undefined, TODAY);
    const scale = { ...AS_IT_IS, callsPerDay: 40 };
    const [source] = trafficOf(file, pricing, scale).sources;
    expect(source?.units?.map(({ length }) => length).toSorted()).toEqual([1, 3]);
    expect(source?.units?.flat().every(({ offsetMs }) => offsetMs === 0)).toBe(true);
    // 40 calls are 20 sessions of 2 calls on average.
    expect(source?.unitsPerDay).toBeCloseTo(20);
  });

  it('does not depend on which of its calls was answered first', async () => {
    const calls = [{}, { usage: usageOf(4_000, 0) }, { usage: usageOf(9_000, 50) }];
    const scale = { ...AS_IT_IS, callsPerDay: 50 };
    const one = await forecasted(recorded(calls), { scale });
    expect(await forecasted(recorded(calls.toReversed()), { scale })).toEqual(one);
  });
});

describe('what has no price is not guessed', () => {
  const { pricing } = groundOf(undefined, TODAY);

  it.each([
    ['a model that nobody knows', { ...CALL, model: 'claude-haiku-9' }, 'claude-haiku-4-5'],
    ['a prefix of one', { ...CALL, model: 'claude-haiku' }, 'claude-haiku'],
  ])('%s', (_name, call, _nearest) => {
    const file = scenario({ calls: [{ ...call, max_output_tokens: 200 }] });
    expect(() => trafficOf(file, pricing, AS_IT_IS)).toThrow(/exactly "claude-haiku/);
  });

  it('an answer at a tier that has no rate', () => {
    const value = {
      kind: 'hardcap-recording',
      version: 1,
      calls: [
        {
          provider: 'anthropic',
          route: 'messages',
          model: 'claude-haiku-4-5',
          usage: [{ tokens: { input: 10, output: 10 }, service_tier: 'flex' }],
        },
      ],
    };
    const recording = recordingField.read(value, 'recording');
    const file: SimulatedFile = { kind: 'recording', recording };
    expect(() => trafficOf(file, pricing, AS_IT_IS)).toThrow(/no rates for tier flex/);
  });

  it('a call to Anthropic without a ceiling', () => {
    const file = scenario({ calls: [CALL] });
    expect(() => trafficOf(file, pricing, AS_IT_IS)).toThrow(/max_output_tokens/);
  });
});

function usageOf(input: number, output: number): RecordedCall['usage'] {
  const used = { input: tokens(input)!, output: tokens(output)! };
  const rest = { fees: {}, serviceTier: undefined, isFast: false, geo: undefined };
  return { lines: [{ model: undefined, tokens: used, ...rest }] };
}
