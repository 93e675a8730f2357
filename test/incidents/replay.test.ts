import { describe, expect, it } from 'vitest';
import { faultsOf } from '../../incidents/judge/verdict.ts';
import { openGuarded, STRATEGIES } from '../../incidents/policies/hardcap.ts';
import type { Policy, PolicyName } from '../../incidents/policies/policy.ts';
import { playIncident, POLICIES } from '../../incidents/replay/jobs.ts';
import type { Play } from '../../incidents/replay/play.ts';
import { playOnce } from '../../incidents/replay/run.ts';
import type { RunResult } from '../../incidents/replay/result.ts';
import { scheduleOf, type ScheduleName } from '../../incidents/replay/schedule.ts';
import type { PlayReport, Report } from '../../incidents/report/results.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import type { Amounts } from '../../src/ledger/account.ts';
import { nanoUsd, NANO_USD_ZERO } from '../../src/units/money.ts';
import { catalogue, playFor } from './catalogue.ts';

const SEED = 1;
const BOTH: readonly PolicyName[] = ['hardcap', 'hardcap+strategies'];

/** The scenario of each pattern that asks for the least prompt tokens until its cap is reached. */
function smallestOfEach() {
  const byPattern = new Map<string, ReturnType<typeof catalogue>[number]>();
  const size = ({ scenario }: ReturnType<typeof catalogue>[number]) =>
    Math.min(
      ...scenario.calls.map((call) => call.n * (call.in + (call.cache_read ?? 0))),
      (scenario.actors[0]?.cap_usd ?? 0) * 1e6,
    );
  for (const incident of catalogue()) {
    const known = byPattern.get(incident.scenario.pattern);
    if (known === undefined || size(incident) < size(known)) {
      byPattern.set(incident.scenario.pattern, incident);
    }
  }
  return [...byPattern].sort(([a], [b]) => (a < b ? -1 : 1));
}

function reportOf(plays: readonly PlayReport[]): Report {
  return { seed: SEED, schedules: 1, incidents: plays.length, versions: {}, notRun: [], plays };
}

describe('hardcap on one scenario of each pattern', () => {
  it.each(smallestOfEach())(
    '%s: stays under the cap, leaves no hold, refuses typed, and nothing needlessly unexplained',
    async (_pattern, incident) => {
      const options = { seed: SEED, schedules: 1, policies: BOTH };
      const played = await playIncident(incident, options);
      if ('reason' in played) throw new Error(played.reason);
      expect(faultsOf(reportOf(played)), `${incident.id}, seed ${SEED}`).toEqual([]);
      for (const { runs } of played) expect(runs).toHaveLength(BOTH.length);
    },
  );
});

describe('the baselines', () => {
  it.each<[PolicyName, ScheduleName, string, boolean]>([
    ['none', 'as-given', 'O002', true],
    ['check-then-record', 'as-given', 'O002', false],
    ['check-then-record', 'at-once', 'O002', true],
    ['post-call', 'at-once', 'O002', true],
    ['mutex-full-ceiling', 'at-once', 'O002', false],
    ['fixed-split', 'at-once', 'O002', false],
    ['check-then-record', 'as-given', 'ATGN-006', true],
    ['mutex-full-ceiling', 'as-given', 'O163', true],
  ])('%s, %s, on %s: over the cap is %s', async (name, order, id, isOver) => {
    const play = playFor(id);
    const run = await playOnce(play, POLICIES[name], scheduleOf(order, SEED, play));
    expect(run.agrees, 'the oracle agrees with the bill').toBe(true);
    expect(run.fullestNano > run.capNano).toBe(isOver);
  });

  it('needlessly refuse where a full ceiling is held: all of the ten children, of which one fits', async () => {
    const play = playFor('O002');
    const run = await playOnce(
      play,
      POLICIES['mutex-full-ceiling'],
      scheduleOf('at-once', SEED, play),
    );
    expect(run).toMatchObject({ answered: 0, refused: 10, billNano: 0 });
  });
});

describe('the judge finds a planted guard that', () => {
  const planted = (spoil: (ledger: Ledger) => Partial<Ledger>): Policy => ({
    name: 'hardcap+strategies',
    open: (stage) =>
      openGuarded(stage, STRATEGIES, (ledger) =>
        Object.assign(Object.create(ledger), spoil(ledger)),
      ),
  });

  async function whats(play: Play, policy: Policy): Promise<string> {
    const run = await playOnce(play, policy, scheduleOf('as-given', SEED, play));
    return wrongWith(play, run);
  }

  function wrongWith(play: Play, run: RunResult): string {
    const common = { id: play.incident.id, variant: play.variant, note: '', framework: '' };
    const place = { cluster: '', pattern: '', fault: '', oracle: '', outside: null };
    const money = { capNano: run.capNano, unprotectedNano: 0, bestNano: 0 };
    return faultsOf(reportOf([{ ...common, ...place, ...money, runs: [run] }]))
      .map(({ what }) => what)
      .join('\n');
  }

  const times = (amounts: Amounts, by: number): Amounts => ({
    ...amounts,
    usd: nanoUsd(amounts.usd * by) ?? NANO_USD_ZERO,
  });

  it('books every answer as free: the bill passes the cap', async () => {
    const free = planted((ledger) => ({
      settle: (order) => ledger.settle({ ...order, amounts: times(order.amounts, 0) }),
    }));
    expect(await whats(playFor('LANG-002'), free)).toContain('nano-dollars were spent');
  });

  it('forgets to end a hold', async () => {
    let ends = 0;
    const leaky = planted((ledger) => ({
      settle: (order) => {
        ends += 1;
        if (ends !== 2) return ledger.settle(order);
        return { kind: 'ended', outcome: 'settled', repeated: false, overdrawn: [] };
      },
    }));
    expect(await whats(playFor('LANG-002'), leaky)).toContain('1 holds are open at rest');
  });

  it('holds three times what a call can cost: calls that fit are refused', async () => {
    const dear = planted((ledger) => ({
      reserve: (order) => ledger.reserve({ ...order, amounts: times(order.amounts, 3) }),
    }));
    expect(await whats(playFor('LANG-002'), dear)).toContain('needless refusals are not explained');
  });
});
