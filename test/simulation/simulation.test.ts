import { describe, expect, it } from 'vitest';
import { configurationOf } from './configurations.ts';
import type { Report } from './report.ts';
import { simulate } from './world.ts';

const SEEDS = Number(process.env['HARDCAP_SIMULATION_SEEDS'] ?? 1_000);
const FIRST = Number(process.env['HARDCAP_SIMULATION_FIRST'] ?? 0);
/** Seeds in one test, so that a failure names a few and progress shows. */
const SEEDS_PER_TEST = Math.max(100, Math.ceil(SEEDS / 20));
const TEST_MS_MAX = 600_000;

const total = {
  runs: 0,
  calls: 0,
  admitted: 0,
  refusals: 0,
  unavailable: 0,
  requests: 0,
  crashes: 0,
  partitions: 0,
  stops: 0,
};

describe('a fleet in simulated time, with faults, wrong clocks and windows that close', () => {
  for (let first = FIRST; first < FIRST + SEEDS; first += SEEDS_PER_TEST) {
    const end = Math.min(first + SEEDS_PER_TEST, FIRST + SEEDS);
    it(
      `never passes a cap and loses no unit: seeds ${first} to ${end - 1}`,
      async () => {
        for (let number = first; number < end; number += 1) add(await run(number));
      },
      TEST_MS_MAX,
    );
  }

  it('has truly run: calls were admitted, refused and lost, and processes died', () => {
    console.info(`simulation, ${SEEDS} seeds, sound runs: ${JSON.stringify(total)}`);
    expect(total.runs).toBe(SEEDS);
    expect(total.admitted).toBeGreaterThan(SEEDS * 20);
    expect(total.refusals).toBeGreaterThan(SEEDS);
    expect(total.crashes).toBeGreaterThan(SEEDS / 4);
  });

  it('is the same again with the same seed, to the last message', async () => {
    const options = configurationOf(FIRST + 1);
    expect(await simulate(options)).toEqual(await simulate(options));
  });
});

async function run(number: number): Promise<Report> {
  const options = configurationOf(number);
  const said = `seed ${number}: ${JSON.stringify(options)}`;
  let report: Report;
  try {
    report = await simulate(options);
  } catch (cause) {
    throw new Error(`it stopped at ${said}`, { cause });
  }
  expect(report.overshoots, said).toEqual([]);
  expect(report.findings, said).toEqual([]);
  return report;
}

function add(report: Report): void {
  total.runs += 1;
  total.calls += report.calls;
  total.admitted += report.admitted;
  total.refusals += report.refusals;
  total.unavailable += report.unavailable;
  total.requests += report.requests;
  total.crashes += report.crashes;
  total.partitions += report.partitions;
  total.stops += report.stops;
}
