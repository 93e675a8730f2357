import { describe, expect, it } from 'vitest';
import { faultsOf } from '../../incidents/judge/verdict.ts';
import { readOptions, UsageError } from '../../incidents/options.ts';
import type { PolicyName } from '../../incidents/policies/policy.ts';
import type { RunResult } from '../../incidents/replay/result.ts';
import { pageOf } from '../../incidents/report/page.ts';
import { plotOf } from '../../incidents/report/plot.ts';
import { figuresOf, type PlayReport, type Report } from '../../incidents/report/results.ts';
import { tablesOf } from '../../incidents/report/tables.ts';
import { incidentOf } from './catalogue.ts';

function runOf(policy: PolicyName, billNano: number, own: Partial<RunResult> = {}): RunResult {
  return {
    policy,
    schedule: 'as-given',
    capNano: 1_000,
    billNano,
    fullestNano: billNano,
    calls: 4,
    answered: 3,
    failed: 0,
    refused: 1,
    refusalCodes: ['BUDGET_CAP'],
    needless: {},
    firstNeedless: null,
    openHolds: 0,
    isTypedAtRoot: true,
    wrappedUp: null,
    cutAnswers: 0,
    isEndedEarly: false,
    agrees: true,
    unexpected: [],
    ...own,
  };
}

function playOf(runs: readonly RunResult[], own: Partial<PlayReport> = {}): PlayReport {
  return {
    id: 'O002',
    variant: '',
    note: '',
    framework: 'LiteLLM proxy',
    cluster: 'X-enforcement-race',
    pattern: 'P05',
    fault: 'check_then_act_race',
    oracle: 'must_stop_at_cap',
    outside: null,
    capNano: 1_000,
    unprotectedNano: 8_000,
    bestNano: 900,
    runs,
    ...own,
  };
}

function reportOf(...plays: readonly PlayReport[]): Report {
  return { seed: 7, schedules: 3, incidents: plays.length, versions: {}, notRun: [], plays };
}

const OUTSIDE = { outside: 'The provider bills what it turned away.' };

describe('the figures of a policy', () => {
  it('count a run over the cap from the first nano-dollar, and only what the promise covers', () => {
    const plays = [
      playOf([runOf('none', 1_001), runOf('hardcap', 1_000)]),
      playOf([runOf('none', 3_000, { isEndedEarly: true })]),
      playOf([runOf('none', 9_000)], OUTSIDE),
    ];
    const none = figuresOf('none', plays);
    expect(none).toMatchObject({ runs: 2, runsOver: 2, worstOver: 3, isWorstOpen: true });
    expect(figuresOf('hardcap', plays)).toMatchObject({ runs: 1, runsOver: 0, worstOver: 0 });
  });

  it('measure use against the lesser of cap and scenario, and against what fits', () => {
    const { capUse, fittingUse } = figuresOf('hardcap', [playOf([runOf('hardcap', 450)])]);
    expect(capUse).toBeCloseTo(0.45);
    expect(fittingUse).toBeCloseTo(0.5);
  });
});

describe('the verdict', () => {
  const faults = (own: Partial<RunResult>, policy: PolicyName = 'hardcap') =>
    faultsOf(reportOf(playOf([runOf(policy, own.fullestNano ?? 900, own)])));

  it.each<[string, Partial<RunResult>]>([
    ['spend above the cap', { fullestNano: 1_001 }],
    ['an open hold', { openHolds: 1 }],
    ['an untyped root', { isTypedAtRoot: false }],
    ['a closing call that did not run', { wrappedUp: false }],
    ['an unexplained refusal', { needless: { unexplained: 1 } }],
    ['a bill that the oracle does not match', { agrees: false }],
    ['a failure that nobody planned', { unexpected: ['Error: 400'] }],
  ])('names %s', (_name, own) => {
    expect(faults(own)).toHaveLength(1);
  });

  it('names nothing in a good run, nor a refusal that a rule explains', () => {
    expect(faults({ needless: { 'counting-margin': 2 } })).toEqual([]);
  });

  it('holds baselines to the evidence only: their overshoot is the finding, not a fault', () => {
    expect(faults({ fullestNano: 5_000, openHolds: 3 }, 'post-call')).toEqual([]);
    expect(faults({ agrees: false }, 'post-call')).toHaveLength(1);
  });

  it('shows what the promise does not cover without judging it, evidence apart', () => {
    const over = runOf('hardcap', 2_000);
    expect(faultsOf(reportOf(playOf([over], OUTSIDE)))).toEqual([]);
    const broken = runOf('hardcap', 2_000, { agrees: false });
    expect(faultsOf(reportOf(playOf([broken], OUTSIDE)))).toHaveLength(1);
  });
});

describe('what is written', () => {
  const report = reportOf(
    playOf([runOf('none', 8_000), runOf('hardcap', 900, { needless: { 'by-bound': 3 } })]),
    playOf([runOf('hardcap', 2_000)], { ...OUTSIDE, variant: '429 billed', note: 'billed' }),
  );

  it('tells on the page what happened, what each policy did, and what lies outside', () => {
    const page = pageOf(report, [incidentOf('O002')], []);
    expect(page).toContain(incidentOf('O002').mechanism);
    expect(page).toContain('| none | 1 of 1 | 0 | 100.0 % | 100.0 % |');
    expect(page).toContain('| hardcap | 0 of 1 | 3 | 90.0 % | 100.0 % |');
    expect(page).toContain('| O002 | 429 billed | 200.0 % | - |');
  });

  it('lists on the page what this run found wrong', () => {
    const wrong = reportOf(playOf([runOf('hardcap', 1_001)]));
    const page = pageOf(wrong, [incidentOf('O002')], faultsOf(wrong));
    expect(page).toContain('- O002, hardcap, as-given: 1001 of 1000 nano-dollars were spent');
  });

  it('prints both figures of each cluster and pattern, and lists what was not run', () => {
    const notRun = [{ id: 'X1', reason: 'no rule' }];
    const tables = tablesOf({ ...report, notRun });
    expect(tables).toMatch(/X-enforcement-race +2 +1 \/ 0 +0 \/ 3/);
    expect(tables).toContain('NOT RUN X1: no rule');
    expect(tables).toContain('not run: 1; outside the promise: 1 plays');
  });

  it('draws a bar for each policy in each panel', () => {
    const svg = plotOf(report);
    expect(svg.match(/<rect /g)).toHaveLength(1 + 3 * 2 * 2);
    expect(svg).toContain('>1 of 1</text>');
  });
});

describe('the command line', () => {
  it('has a default for everything', () => {
    expect(readOptions([])).toMatchObject({ seed: 1, schedules: 3, only: [], json: undefined });
  });

  it('reads its flags', () => {
    const args = ['--seed', '9', '--only', 'P05,O001', '--schedules', '1', '--json', 'out.json'];
    const read = readOptions([...args, '--policies', 'hardcap,none']);
    expect(read).toMatchObject({ seed: 9, only: ['P05', 'O001'], schedules: 1, json: 'out.json' });
    expect(read?.policies).toEqual(['none', 'hardcap']);
    expect(readOptions(['--help'])).toBeUndefined();
  });

  it.each([
    ['--seed', 'x'],
    ['--schedules', '4'],
    ['--policies', 'luck'],
    ['--unknown', '1'],
  ])('refuses %s %s', (...args) => {
    expect(() => readOptions(args)).toThrow(UsageError);
  });
});
