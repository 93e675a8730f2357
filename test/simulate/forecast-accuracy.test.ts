import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SimulationAnswer } from '../../src/cli/simulate/answer.ts';
import { dryRun, type DryRun } from '../../src/cli/simulate/dry-run.ts';
import { groundOf } from '../../src/cli/simulate/plan.ts';
import { appFile, emptyFolder, simulated, TODAY, worldOf } from './world.ts';

/**
 * What is forecast from what: one day of an application (its own prompts, customers and answers,
 * all drawn with seed 1) is recorded. From that recording a day of as many calls as another day has
 * is forecast, by the price book. The other day is twice as large, its prompts, customers and answers
 * drawn with seed 2, and the emulator bills it by its own table. The two share the application, how
 * long answers are on average, and nothing else.
 */
const LOADS = [
  { app: 'anthropic-chat', seen: 800, billed: 1_600 },
  { app: 'openai-mixed', seen: 800, billed: 1_600 },
  { app: 'multi-agent', seen: 100, billed: 200 },
] as const;

const OFF_MAX = 0.1;
/**
 * Of one model, which has only a part of the calls: four deviations of a ratio of two sums of so
 * many calls, whose costs scatter by about 0.7 of their mean and whose number is drawn.
 */
const offOfModelMax = (seen: number, billed: number) => 4 * Math.sqrt(1.5 / seen + 1.5 / billed);

describe('a forecast from one day is within 10 % of the bill of another', () => {
  it.each(LOADS)(
    '$app',
    async ({ app, seen, billed }) => {
      const folder = emptyFolder();
      const command = ['--', process.execPath, appFile(app)];
      const first = await simulated(['--record', 'seen.json', ...command], folder, {
        LOAD_SEED: '1',
        LOAD_SIZE: String(seen),
      });
      expect(first.code, first.err).toBe(0);
      const day = await billedDay(app, billed);
      expect(day.calls.length).toBeGreaterThan(1.5 * modelsIn(folder).length);

      const perDay = String(day.calls.length);
      const { cost, groups } = await forecast(
        ['--recording', 'seen.json', '--calls-per-day', perDay],
        folder,
      );
      const models = Object.entries(day.billedByModel).map(([model, nano]) => {
        const own = groups.find((each) => each.dimension === 'model' && each.value === model);
        return [model, (own?.cost.mean_nano_usd ?? NaN) / nano - 1] as const;
      });
      const [mean, p50] = [cost.mean_nano_usd, cost.p50_nano_usd].map(
        (nano) => nano / day.billedNanoUsd - 1,
      );
      tell(app, { calls: [modelsIn(folder).length, day.calls.length], mean, p50, models });
      expect(Math.abs(mean ?? NaN)).toBeLessThanOrEqual(OFF_MAX);
      expect(Math.abs(p50 ?? NaN)).toBeLessThanOrEqual(OFF_MAX);
      expect(models.length).toBeGreaterThan(1);
      for (const [model, off] of models) {
        const most = offOfModelMax(callsOf(model, modelsIn(folder)), callsOf(model, day.calls));
        expect(Math.abs(off), model).toBeLessThanOrEqual(most);
      }
    },
    180_000,
  );

  it('anthropic-chat, where the traffic was written down and nothing was run before', async () => {
    const folder = emptyFolder();
    const size = 1_600;
    // As the application says that it is; a prompt has 20 tokens of instructions and framing.
    const row = (part: number, rest: object) => ({
      ...rest,
      calls_per_hour: (size * part) / 24,
      output_tokens: { median: 250, sigma: 0.6 },
    });
    const chat = {
      model: 'claude-sonnet-4-6',
      scopes: { feature: 'chat' },
      max_output_tokens: 1_024,
    };
    const search = {
      model: 'claude-haiku-4-5',
      scopes: { feature: 'search' },
      max_output_tokens: 256,
    };
    const traffic = [
      row(0.7, { ...chat, input_tokens: { median: 920, sigma: 0.5 } }),
      row(0.3, { ...search, input_tokens: { median: 2_020, sigma: 0.5 } }),
    ];
    const scenario = { kind: 'hardcap-scenario', version: 1, traffic };
    writeFileSync(join(folder, 'chat.json'), JSON.stringify(scenario));
    const { cost } = await forecast(['chat.json'], folder);
    const day = await billedDay('anthropic-chat', size);
    const off = cost.mean_nano_usd / day.billedNanoUsd - 1;
    tell('anthropic-chat, written', { mean: off });
    expect(Math.abs(off)).toBeLessThanOrEqual(OFF_MAX);
  }, 120_000);
});

describe('the comparison would notice', () => {
  it('a forecast at the price of another model', async () => {
    const folder = emptyFolder();
    const command = ['--record', 'seen.json', '--', process.execPath, appFile('anthropic-chat')];
    const env = { LOAD_SEED: '1', LOAD_SIZE: '40' };
    expect((await simulated(command, folder, env)).code).toBe(0);
    const seen = readFileSync(join(folder, 'seen.json'), 'utf8');
    const wrong = seen.replaceAll('claude-haiku-4-5', 'claude-sonnet-4-6');
    writeFileSync(join(folder, 'wrong.json'), wrong);
    const [right, dearer] = [
      await forecast(['--recording', 'seen.json'], folder),
      await forecast(['--recording', 'wrong.json'], folder),
    ];
    expect(dearer.cost.mean_nano_usd / right.cost.mean_nano_usd - 1).toBeGreaterThan(OFF_MAX);
  }, 60_000);
});

async function forecast(args: readonly string[], folder: string) {
  const { code, out, err } = await simulated([...args, '--json'], folder);
  expect(code, err).toBe(0);
  return (JSON.parse(out) as SimulationAnswer).forecast;
}

interface Seen {
  readonly model: string;
}

function modelsIn(folder: string): readonly Seen[] {
  const file = readFileSync(join(folder, 'seen.json'), 'utf8');
  return (JSON.parse(file) as { calls: Seen[] }).calls;
}

function callsOf(model: string, calls: readonly Seen[]): number {
  return calls.filter((call) => call.model === model).length;
}

const days = new Map<string, Promise<DryRun>>();

/** Another day of the application, by the emulator's own bill; the same one for each who asks. */
function billedDay(app: string, size: number): Promise<DryRun> {
  const key = `${app} ${size}`;
  const day = days.get(key) ?? billed(app, size);
  days.set(key, day);
  return day;
}

async function billed(app: string, size: number): Promise<DryRun> {
  const { world } = worldOf(emptyFolder(), { env: { LOAD_SEED: '2', LOAD_SIZE: String(size) } });
  const { pricing, ownCards } = groundOf(undefined, TODAY);
  const otherwise = { kind: 'lognormal', median: 250, sigma: 0.6 } as const;
  const register = undefined;
  const terms = {
    attributions: [],
    seed: 2,
    register,
    pricing,
    ownCards,
    answers: { rules: [], otherwise },
  };
  const endAfterMs = undefined;
  const run = await dryRun(
    { ...terms, endAfterMs, command: [process.execPath, appFile(app)] },
    world,
  );
  expect(run.exitCode).toBe(0);
  return run;
}

/** The figures stand in the log of the run, so that nobody has to take the test's word for them. */
function tell(load: string, figures: object): void {
  const rounded = JSON.stringify(figures, (_name, value: unknown) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toFixed(4)) : value,
  );
  console.log(`forecast / bill - 1, ${load}: ${rounded}`);
}
