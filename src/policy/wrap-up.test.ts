import { describe, expect, it } from 'vitest';
import { epochMs } from '../units/time.ts';
import { createPolicy, isScopeMissing } from './plan.ts';
import { readConfig } from './read-config.ts';
import { keptOf, workOf } from './wrap-up.ts';

const NOW = epochMs(Date.parse('2026-11-22T12:00:00Z'))!;
const cap = { scope: 'global', window: 'day', usd: 10 } as const;
const capsOf = (...caps: readonly object[]) => readConfig({ caps }).caps;

function plan(wrapUp: number, isWrapUp: boolean) {
  const accounts = createPolicy(capsOf({ ...cap, wrapUp })).plan({}, NOW, isWrapUp);
  if (isScopeMissing(accounts)) throw new Error('a value is missing');
  return accounts.map(({ capId, ceiling }) => [capId, ceiling.usd]);
}

describe('a cap that keeps a part for wrapping up', () => {
  it('is two accounts for a call that is not marked, and one for a call that is', () => {
    expect(plan(0.1, false)).toEqual([
      ['global/day', 10e9],
      ['global/day~work', 9e9],
    ]);
    expect(plan(0.1, true)).toEqual([['global/day', 10e9]]);
  });

  it.each([
    [0.7, 10, 3],
    [0.9, 10, 1],
    [0.07, 100, 93],
    [0.3, 10, 7],
    [0.5, 1, 0],
    [0.000001, 1_000_000, 999_999],
    [0.1, Number.MAX_SAFE_INTEGER, 8106479329266891],
  ])('keeps %d of %d so that %d are left, exactly, rounded down', (wrapUp, calls, left) => {
    const [read] = capsOf({ scope: 'global', window: 'day', calls, wrapUp });
    expect(workOf(read!).ceiling).toEqual({ usd: undefined, tokens: undefined, calls: left });
    expect(keptOf(read!).calls).toBe(calls - left);
  });

  it('keeps its own thresholds: the second account has none', () => {
    const accounts = createPolicy(capsOf({ ...cap, wrapUp: 0.5 })).plan({}, NOW);
    if (isScopeMissing(accounts)) throw new Error('a value is missing');
    expect(accounts.map(({ thresholds }) => thresholds)).toEqual([[0.5, 0.8, 0.95], []]);
    expect(accounts.map(({ keptForWrapUp }) => keptForWrapUp?.usd)).toEqual([undefined, 5e9]);
  });

  it('shares its second account with no cap of that id', () => {
    const other = { ...cap, id: 'global/day~work', window: 'month' };
    expect(() => capsOf({ ...cap, wrapUp: 0.5 }, other)).toThrow(/one cap/);
    expect(() => capsOf(other, { ...cap, wrapUp: 0.5 })).toThrow(/one cap/);
    expect(capsOf(cap, other)).toHaveLength(2);
  });

  it('is known by the ids of both', () => {
    const policy = createPolicy(capsOf({ ...cap, wrapUp: 0.5, onShort: 'wait' }));
    for (const id of ['global/day', 'global/day~work']) {
      expect(policy.capOf(id)?.onShort).toEqual(['wait']);
    }
    expect(policy.capOf('global/week')).toBeUndefined();
  });
});
