import { describe, expect, it } from 'vitest';
import { SKEW_MS } from './configurations.ts';
import { NO_FAULTS, storm, type SimulationOptions } from './options.ts';
import {
  COUNT_PRUNED,
  CREDIT_ON_EXPIRY,
  NEVER_PRUNED,
  RETURN_TWICE,
  ROW_REUSE,
  TRUSTED_AFTER_REBOOT,
  UNEARMARKED,
  UNLOCKED_CHECK,
  type Plant,
} from './planted.ts';
import type { Report } from './report.ts';
import { simulate } from './world.ts';

/** A fault must show within so many seeds. */
const SEEDS_MAX = 8;

const TEST_MS_MAX = 300_000;

const HOLDERS = 5;
const STORM: SimulationOptions = {
  name: 'storm',
  seed: 'planted',
  holders: HOLDERS,
  durationMs: 20_000,
  callsPerS: 8,
  customers: 12,
  features: 3,
  models: 2,
  routing: 'random',
  policy: {},
  journals: 'all',
  faults: { ...storm(HOLDERS), duplicate: 0.1, lateDuplicate: 0.1, presumedDeadPart: 0.8 },
  skewMs: SKEW_MS,
  windows: 'day',
  capPart: 0.4,
  customerPart: 0.5,
};

/** What the checks said of a planted fault until `isCaught` was content, and in which run. */
async function runWith(
  plant: Plant | undefined,
  isCaught: (report: Report) => boolean,
  changed: Partial<SimulationOptions> = {},
): Promise<{ readonly runs: number; readonly report: Report }> {
  let report: Report | undefined;
  for (let runs = 1; runs <= SEEDS_MAX; runs += 1) {
    const options = { ...STORM, ...changed, seed: `planted ${runs}` };
    report = await simulate(plant === undefined ? options : { ...options, plant });
    if (isCaught(report)) return { runs, report };
  }
  const said = JSON.stringify({ ...report!, findings: report!.findings.slice(0, 5) });
  throw new Error(`not caught in ${SEEDS_MAX} runs, the last one: ${said}`);
}

const says =
  (rule: RegExp) =>
  ({ findings }: Report): boolean =>
    findings.some((finding) => rule.test(finding));
const overshoots = ({ overshoots }: Report): boolean => overshoots.length > 0;
const anything = (report: Report): boolean => overshoots(report) || report.findings.length > 0;

describe('the checks of the simulation', { timeout: TEST_MS_MAX }, () => {
  it('find nothing where nothing was planted, in the same runs', async () => {
    for (const plant of [undefined, NEVER_PRUNED]) {
      await expect(runWith(plant, anything)).rejects.toThrow('not caught');
    }
  });

  it('planted: credit on expiry is caught by the world: more was spent than the cap', async () => {
    const { report } = await runWith(CREDIT_ON_EXPIRY, overshoots);
    expect(report.overshootPartMax).toBeGreaterThan(0);
  });

  it('planted: a dedupe table pruned by count is caught: a repeat changes nothing (S3)', async () => {
    await runWith(COUNT_PRUNED, says(/^S3: a repeat of/));
  });

  it('planted: a return that is not idempotent is caught: what came back came once', async () => {
    await runWith(RETURN_TWICE, says(/^S3: .* gave back .*, the store has/));
  });

  it('planted: an unlocked check is caught by S1 and by the world', async () => {
    await runWith(UNLOCKED_CHECK, says(/^S1: .* spent and held/));
    await runWith(UNLOCKED_CHECK, overshoots);
  });

  it('planted: the reuse of row ids is caught: who was closed is told so, for ever (S6)', async () => {
    await runWith(ROW_REUSE, says(/^S6: .* was closed and is told/));
  });

  it('planted: a journal trusted after a reboot is caught: more was billed than booked', async () => {
    const faults = { ...STORM.faults, crashesPerS: 0.4, rebootPart: 1 };
    await runWith(TRUSTED_AFTER_REBOOT, says(/^books: .* has spent .*, billed/), { faults });
  });

  it('planted: a grant that is not earmarked is caught by the count of needless noes', async () => {
    const quiet = { faults: NO_FAULTS, callsPerS: 40, capPart: 1.2, customerPart: 2 };
    const needless = (report: Report): boolean => report.needless > report.calls / 50;
    await expect(runWith(undefined, needless, quiet)).rejects.toThrow('not caught');
    await runWith(UNEARMARKED, needless, quiet);
  });
});
