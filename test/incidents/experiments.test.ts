import { describe, expect, it } from 'vitest';
import { EXPERIMENTS } from '../../incidents/experiments/experiments.ts';
import { readExperimentOptions } from '../../incidents/experiments/options.ts';
import { experimentsPage } from '../../incidents/experiments/page.ts';
import { plotsOf } from '../../incidents/experiments/plots.ts';
import { PUBLISHED } from '../../incidents/experiments/published.ts';
import type { RaceCell } from '../../incidents/experiments/race.ts';
import type { Experiment, Report } from '../../incidents/experiments/result.ts';
import { SMALL } from '../../incidents/experiments/sizes.ts';
import { drawJobs, TIGHT_MODELS } from '../../incidents/experiments/tight-draw.ts';

const SEED = 1;
const TEST_MS_MAX = 120_000;

const ran = new Map<number, Experiment>();

function ranBefore(number: number): Experiment {
  const experiment = ran.get(number);
  if (experiment === undefined) throw new Error(`Experiment ${number} has not run`);
  return experiment;
}

describe('the published experiments', () => {
  it.each(EXPERIMENTS)(
    'experiment $number shows all that it must',
    async ({ number, run }) => {
      const experiment = await run(SMALL, SEED);
      ran.set(number, experiment);
      expect(experiment.number).toBe(number);
      expect(experiment.musts.length).toBeGreaterThan(0);
      const missing = experiment.musts.filter(({ isShown }) => !isShown);
      expect(
        missing.map(({ what }) => what),
        `seed ${SEED}`,
      ).toEqual([]);
    },
    TEST_MS_MAX,
  );

  it('the baselines of the race give the figures that were published for them', () => {
    const { cells } = ranBefore(1).figures as { readonly cells: readonly RaceCell[] };
    const of = (holding: string, capUnits: number) =>
      cells.find((cell) => {
        return cell.holding === holding && cell.capUnits === capUnits && cell.children === 3;
      });
    // A, B, C and D of the published race: over or not, units spent, children admitted.
    const [first] = [0];
    const figures = [
      of('check, call, record', 60),
      of('mutex, full ceiling', 60),
      of('fixed split', 60),
      of('fixed split', 100),
    ].map((cell) => [cell?.runsOver === cell?.runs, cell?.billed[first], cell?.completed[first]]);
    expect(figures).toEqual([
      [true, 69, 3],
      [false, 23, 1],
      [false, 0, 0],
      [false, 69, 3],
    ]);
  });

  it('stand on the page with their published figures beside ours, none of them missing', () => {
    const experiments = EXPERIMENTS.map(({ number }) => ranBefore(number));
    const versions = { node: 'v20' };
    const report: Report = { seed: SEED, date: '2026-01-02', seconds: 3, versions, experiments };
    const page = experimentsPage(report);
    for (const { result } of PUBLISHED) expect(page).toContain(result);
    for (const { musts, tables } of experiments) {
      for (const { what } of musts) expect(page).toContain(`- shown: ${what}`);
      for (const { rows, head } of tables) {
        for (const row of rows) {
          expect(row).toHaveLength(head.length);
          expect(page).toContain(row.map((cell) => cell.replaceAll('|', '\\|')).join(' | '));
        }
      }
    }
    expect(page).toContain('2026-01-02, seed 1, node v20');
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
    const [race, ...others] = experiments;
    const musts = [{ what: 'no overshoot', isShown: false }];
    const failed = {
      ...report,
      experiments: race === undefined ? [] : [{ ...race, musts }, ...others],
    };
    expect(experimentsPage(failed)).toContain('- **not shown**: no overshoot');
    const plots = plotsOf(report);
    expect([...plots.keys()]).toEqual([1, 8]);
    for (const svg of plots.values()) expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });
});

describe('the jobs of the tight half', () => {
  it.each(TIGHT_MODELS)(
    '$model: cost what was published, on average and at most, for every seed',
    (model) => {
      for (let seed = 0; seed < 40; seed += 1) {
        const jobs = drawJobs(model, { temperatures: [0, 0.3, 0.7, 1], runs: 10, seed });
        const costs = jobs.map(({ cost }) => cost);
        expect(costs, `seed ${seed}`).toHaveLength(40);
        const mean = costs.reduce((total, cost) => total + cost, 0) / costs.length;
        const most = Math.max(...costs);
        expect(Math.abs(mean - model.costMean), `seed ${seed}`).toBeLessThan(0.5);
        expect(most, `seed ${seed}`).toBeLessThanOrEqual(model.costMax);
        // Less than what one more token of the last answer costs.
        expect(model.costMax - most, `seed ${seed}`).toBeLessThan(model.output);
        const lengths = jobs.flatMap(({ answers }) => [...answers]);
        expect(Math.max(...lengths), `seed ${seed}`).toBeLessThan(150);
        expect(Math.min(...lengths), `seed ${seed}`).toBeGreaterThan(40);
      }
    },
  );
});

describe('the command', () => {
  it('takes a seed, a file, a folder and numbers, and writes docs only of a whole run', () => {
    expect(readExperimentOptions([])?.docs).toMatch(/docs\/$/);
    const some = readExperimentOptions(['--only', '1,8', '--seed', '7', '--json', 'x.json']);
    expect(some).toEqual({ seed: 7, json: 'x.json', docs: undefined, only: [1, 8] });
    expect(readExperimentOptions(['--only', '2', '--docs', 'd'])?.docs).toBe('d');
    expect(readExperimentOptions(['--help'])).toBeUndefined();
  });

  it.each([
    ['--only', '9'],
    ['--only', '1.5'],
    ['--seed', '-1'],
    ['--seed', 'x'],
    ['--nothing', '1'],
  ])('refuses %s %s', (...args) => {
    expect(() => readExperimentOptions(args)).toThrow(args[0]);
  });
});
