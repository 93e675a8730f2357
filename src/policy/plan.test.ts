import { describe, expect, it } from 'vitest';
import type { Account } from '../ledger/account.ts';
import { epochMs, type EpochMs } from '../units/time.ts';
import type { BudgetGuardConfig } from './config.ts';
import { ACCOUNTS_KEPT_MAX } from './cap-accounts.ts';
import { createPolicy, isScopeMissing, type Policy } from './plan.ts';
import { readConfig } from './read-config.ts';
import { readScopes } from './scope-set.ts';
import type { ScopeSet } from './scope.ts';

const AT = epochMs(Date.UTC(2026, 10, 21, 12))!;
const MIDNIGHT = Date.UTC(2026, 10, 21);

function policyOf(config: BudgetGuardConfig): Policy {
  return createPolicy(readConfig(config).caps);
}

function accountsOf(policy: Policy, scopes: ScopeSet, at: EpochMs = AT): readonly Account[] {
  const plan = policy.plan(scopes, at);
  if (isScopeMissing(plan)) throw new Error(`missing ${plan.dimension}`);
  return plan;
}

function keysOf(policy: Policy, scopes: ScopeSet, at: EpochMs = AT): readonly string[] {
  return accountsOf(policy, scopes, at).map(({ parts }) => parts.at(-1)!.key);
}

describe('a plan', () => {
  it('has the account of every cap that applies, in the order of the caps', () => {
    const policy = policyOf({ global_cap_per_day_usd: 50, per_customer_cap_per_day_usd: 2 });
    const accounts = accountsOf(policy, readScopes({ customer: 'acme' }));
    expect(accounts.map(({ scope, window }) => [scope, window])).toEqual([
      ['global', 'day'],
      ['customer:acme', 'day'],
    ]);
    expect(accounts[1]!.parts).toEqual([
      { key: `customer/day|acme|${MIDNIGHT}`, leavesAt: MIDNIGHT + 86_400_000 },
    ]);
    expect(accounts[1]!.ceiling).toEqual({ usd: 2e9, tokens: undefined, calls: undefined });
  });

  it('a nested run draws on the account of each value, in code-unit order, each once', () => {
    const policy = policyOf({ per_agent_cap_usd: 2 });
    const scopes = { agent: ['planner', 'coder', 'planner'] };
    expect(accountsOf(policy, scopes).map(({ scope }) => scope)).toEqual([
      'agent:coder',
      'agent:planner',
    ]);
  });

  it('a call without a value draws on the shared account', () => {
    const policy = policyOf({ per_customer_cap_per_day_usd: 2 });
    for (const scopes of [{}, { customer: [] }, { feature: ['chat'] }]) {
      expect(accountsOf(policy, scopes).map(({ scope }) => scope)).toEqual([
        'customer:unattributed',
      ]);
    }
  });

  it('a call without a value is refused where the cap says so, unless it only observes', () => {
    const strict = { scope: 'customer', window: 'day', usd: 2, unattributed: 'refuse' } as const;
    expect(policyOf({ caps: [strict] }).plan({}, AT)).toEqual({
      kind: 'scope-missing',
      capId: 'customer/day',
      dimension: 'customer',
    });
    const observed = policyOf({ caps: [{ ...strict, mode: 'observe' }] });
    expect(accountsOf(observed, {}).map(({ scope }) => scope)).toEqual(['customer:unattributed']);
    expect(
      isScopeMissing(policyOf({ unattributed: 'refuse', per_agent_cap_usd: 1 }).plan({}, AT)),
    ).toBe(true);
  });

  it('all values that match share one account; others are not drawn on', () => {
    const policy = policyOf({
      caps: [{ scope: 'model', match: 'claude-*', window: 'day', usd: 5 }],
    });
    const opus = accountsOf(policy, { model: ['claude-opus-4-5'] });
    expect(opus.map(({ scope }) => scope)).toEqual(['model:claude-*']);
    expect(accountsOf(policy, { model: ['claude-haiku-4-5'] })[0]).toBe(opus[0]);
    expect(accountsOf(policy, { model: ['claude-a', 'claude-b', 'gpt-5'] })).toEqual(opus);
    expect(accountsOf(policy, { model: ['gpt-5'] })).toEqual([]);
  });

  it('leaving the value out does not escape a cap with match', () => {
    const policy = policyOf({
      caps: [{ scope: 'customer', match: 'acme', window: 'day', usd: 5 }],
    });
    expect(accountsOf(policy, {}).map(({ scope }) => scope)).toEqual(['customer:unattributed']);
    const all = policyOf({ caps: [{ scope: 'customer', match: '*', window: 'day', usd: 5 }] });
    expect(accountsOf(all, {})).toEqual(accountsOf(all, { customer: ['acme'] }));
  });

  it('two caps on one scope have accounts of their own (B7)', () => {
    const policy = policyOf({
      caps: [
        { scope: 'customer', window: 'day', usd: 5 },
        { scope: 'customer', window: 'day', usd: 5, id: 'second' },
        { scope: 'customer', window: 'day', usd: 5, mode: 'observe' },
        { scope: 'customer', window: 'week', usd: 5 },
        { scope: 'customer', match: 'acme', window: 'day', usd: 5 },
      ],
    });
    expect(new Set(keysOf(policy, { customer: ['acme'] })).size).toBe(5);
  });

  it('different values never share a key, whatever is in them', () => {
    const policy = policyOf({ per_customer_cap_usd: 1, global_cap_usd: 5 });
    const values = [
      'a', 'A', 'a|0', 'a%7C0', 'a|', 'a%', '%', '%25', '|', '||', '\ud800', '\udc00', '\ufffd',
      '%uD800', '\u0000', '%00', '😀', '__proto__', 'constructor', 'global', 'unattributed', 'é',
      'e\u0301',
    ]; // prettier-ignore
    const keys = values.map((value) => keysOf(policy, { customer: [value] })[0]!);
    expect(new Set(keys).size).toBe(values.length);
    for (const key of keys) {
      expect(key.split('|')).toHaveLength(3);
      expect(Buffer.from(key, 'utf8').toString('utf8')).toBe(key);
    }
  });

  it('inherited members are no values', () => {
    const policy = policyOf({ caps: [{ scope: 'constructor', window: 'day', usd: 1 }] });
    for (const scopes of [{}, Object.create({ constructor: ['inherited'] }) as ScopeSet]) {
      expect(accountsOf(policy, scopes).map(({ scope }) => scope)).toEqual([
        'constructor:unattributed',
      ]);
    }
  });

  it('returns the same frozen account while its window lasts, and another in the next', () => {
    const policy = policyOf({ per_customer_cap_per_day_usd: 2 });
    const [today] = accountsOf(policy, { customer: ['acme'] });
    const lastMs = epochMs(MIDNIGHT + 86_400_000 - 1)!;
    const [later] = accountsOf(policy, { customer: ['acme'] }, lastMs);
    const [tomorrow] = accountsOf(policy, { customer: ['acme'] }, epochMs(lastMs + 1));
    expect(later).toBe(today);
    expect(tomorrow!.parts[0]!.key).not.toBe(today!.parts[0]!.key);
    expect(Object.isFrozen(today) && Object.isFrozen(today!.parts)).toBe(true);
  });

  it('a clock that goes back finds the same keys again', () => {
    const policy = policyOf({
      per_customer_cap_per_day_usd: 2,
      caps: [{ scope: 'customer', window: 'rolling 1h', usd: 1 }],
    });
    const before = accountsOf(policy, { customer: ['acme'] });
    accountsOf(policy, { customer: ['acme'] }, epochMs(AT + 5 * 86_400_000));
    expect(accountsOf(policy, { customer: ['acme'] })).toEqual(before);
  });

  it('a rolling account has its 61 parts, the last one for new holds', () => {
    const policy = policyOf({ caps: [{ scope: 'global', window: 'rolling 1h', usd: 1 }] });
    const [account] = accountsOf(policy, {});
    expect(account!.window).toBe('rolling 1h');
    expect(account!.parts).toHaveLength(61);
    expect(account!.parts.at(-1)).toEqual({
      key: `global/rolling-1h|global|${AT}`,
      leavesAt: AT + 61 * 60_000,
    });
  });

  it('a lifetime has one part that never leaves', () => {
    const [account] = accountsOf(policyOf({ global_cap_usd: 9 }), {});
    expect(account!.parts).toEqual([{ key: 'global/lifetime|global|0', leavesAt: null }]);
  });

  it('more values than are kept get the same keys', () => {
    const policy = policyOf({ per_customer_cap_usd: 2 });
    const first = keysOf(policy, { customer: ['c0'] });
    for (let index = 1; index <= ACCOUNTS_KEPT_MAX + 5; index += 1) {
      policy.plan({ customer: [`c${index}`] }, AT);
    }
    expect(keysOf(policy, { customer: ['c0'] })).toEqual(first);
  });
});
