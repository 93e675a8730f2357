import { describe, expect, it } from 'vitest';
import type { BudgetGuardConfig } from '../../policy/config.ts';
import { createPolicy } from '../../policy/plan.ts';
import { readConfig } from '../../policy/read-config.ts';
import { epochMs } from '../../units/time.ts';
import type { AccountRow } from './account-row.ts';
import { accountsOf, capIdsOf } from './accounts.ts';

const at = epochMs(Date.UTC(2026, 10, 22, 10))!;
const clock = () => at;
const config: BudgetGuardConfig = {
  global_cap_per_day_usd: 10,
  caps: [
    { scope: 'model', match: 'claude-opus-*', window: 'rolling 1h', usd: 5 },
    { scope: 'customer', window: 'month', usd: 3, wrapUp: 0.1 },
    { scope: 'feature', window: 'lifetime', usd: 2, mode: 'observe' },
  ],
};
const scopes = { model: ['claude-opus-4-5'], customer: ['a|b:c'], feature: ['chat'] };
const drawn = createPolicy(readConfig(config).caps).accountsOf(scopes, at);

/** What a store keeps after a call drew on these accounts: one row for each, in its last part. */
const rows = drawn.map(({ capId, scope, window, parts }): AccountRow => {
  const part = parts.at(-1)!;
  const [spent, held] = [[1, 2, 3] as const, [0, 0, 0] as const];
  return { ...part, capId, scope, window, spent, held, ceiling: [7, null, null] };
});
const nameOf = ({ capId, scope }: { capId: string; scope: string }) => `${capId} ${scope}`;

describe('the accounts of a ledger', () => {
  it('are with the configuration the very ones that calls draw on', () => {
    const found = accountsOf({ rows, config, scope: undefined }, { clock });
    expect(found.map(nameOf).toSorted()).toEqual(drawn.map(nameOf).toSorted());
    for (const account of found) {
      const own = drawn.find((one) => nameOf(one) === nameOf(account))!;
      expect(account.ceiling, nameOf(account)).toEqual(own.ceiling);
      expect(account).toMatchObject({ mode: own.mode, window: own.window });
      expect(account.parts.map(({ key }) => key)).toEqual(own.parts.map(({ key }) => key));
    }
    const ids = new Set(capIdsOf(config));
    expect(drawn.every(({ capId }) => ids.has(capId))).toBe(true);
  });

  it('are without it those in the store, with the ceilings and windows that it keeps', () => {
    const found = accountsOf({ rows, config: undefined, scope: undefined }, { clock });
    expect(found.map(nameOf).toSorted()).toEqual(drawn.map(nameOf).toSorted());
    for (const account of found) {
      expect(account.ceiling).toEqual({ usd: 7, tokens: undefined, calls: undefined });
      const own = drawn.find((one) => nameOf(one) === nameOf(account))!;
      expect(account).toMatchObject({ mode: own.mode, window: own.window });
      expect(account.parts).toEqual([own.parts.at(-1)]);
    }
  });

  it('have a window where the store keeps none: a derived id ends in it', () => {
    const bare = rows.map((row) => ({ ...row, window: undefined, ceiling: undefined }));
    const found = accountsOf({ rows: bare, config: undefined, scope: undefined }, { clock });
    expect(found.map(nameOf).toSorted()).toEqual(drawn.map(nameOf).toSorted());
    for (const account of found) {
      const own = drawn.find((one) => nameOf(one) === nameOf(account))!;
      expect(account.window, nameOf(account)).toBe(own.window);
    }
    const named = (capId: string) =>
      accountsOf(
        { rows: [{ ...bare[0]!, capId }], config: undefined, scope: undefined },
        { clock },
      );
    expect(named('global/day@europe/berlin')[0]?.window).toBe('day');
    expect(named('of my own/choice')[0]?.window).toBe('');
  });

  it('of one scope are those that the configuration plans for it, before any call', () => {
    const of = (scope: string) => accountsOf({ rows: [], config, scope }, { clock }).map(nameOf);
    expect(of('feature:new')).toEqual(['observe:feature/lifetime feature:new']);
    expect(of('global')).toEqual(['global/day global']);
    expect(of('region:eu')).toEqual([]);
  });
});
