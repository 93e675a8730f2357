import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Account, Amounts, Balance } from '../../src/ledger/account.ts';
import type { Short } from '../../src/ledger/ledger.ts';
import { accountKey } from '../../src/policy/account-key.ts';
import { calendarWindow } from '../../src/policy/calendar.ts';
import type { BudgetGuardConfig, CapConfig } from '../../src/policy/config.ts';
import { createPolicy, isScopeMissing } from '../../src/policy/plan.ts';
import { readConfig } from '../../src/policy/read-config.ts';
import { rollingPart, rollingPartMs, rollingParts } from '../../src/policy/rolling.ts';
import { capRefusal } from '../../src/policy/shortfall.ts';
import { CALENDAR_UNITS } from '../../src/policy/window-text.ts';
import { narrow } from '../../src/policy/scope-set.ts';
import type { ScopeSet } from '../../src/policy/scope.ts';
import { calls, tokens } from '../../src/units/count.ts';
import { nanoUsd } from '../../src/units/money.ts';
import { durationMs, epochMs, type EpochMs } from '../../src/units/time.ts';

const DAY_MS = 86_400_000;
const ZONES = ['UTC', ...Intl.supportedValuesOf('timeZone')];

/** Zones that have done something unusual; drawn more often than the rest. */
const ODD_ZONES = [
  'Africa/Cairo', 'Africa/Casablanca', 'Africa/Monrovia', 'America/Havana', 'America/Sao_Paulo',
  'America/St_Johns', 'Antarctica/Troll', 'Asia/Kathmandu', 'Asia/Tehran', 'Australia/Lord_Howe',
  'Europe/Dublin', 'Pacific/Apia', 'Pacific/Kiritimati', 'Pacific/Kwajalein',
]; // prettier-ignore

const zones = fc.oneof(fc.constantFrom(...ZONES), fc.constantFrom(...ODD_ZONES));
const instants = fc
  .integer({ min: Date.UTC(1970, 0, 1), max: Date.UTC(2100, 0, 1) })
  .map((ms) => epochMs(ms)!);
const units = fc.constantFrom(...CALENDAR_UNITS);

function at(ms: number): EpochMs {
  return epochMs(ms)!;
}

/**
 * The zone's own date at an instant, as `2026-11-21`, by a way that the code under test does not
 * go.
 */
function dateIn(zone: string, ms: number): string {
  return new Date(ms).toLocaleDateString('en-CA', { timeZone: zone });
}

describe('windows tile time', () => {
  it('every instant is in exactly one window, and the next begins where it ends', () => {
    fc.assert(
      fc.property(units, zones, instants, (unit, zone, instant) => {
        const span = calendarWindow(unit, zone, instant);
        expect(span.start <= instant && instant < span.end).toBe(true);
        expect(calendarWindow(unit, zone, span.start)).toEqual(span);
        expect(calendarWindow(unit, zone, at(span.end - 1))).toEqual(span);
        expect(calendarWindow(unit, zone, span.end).start).toBe(span.end);
        expect(calendarWindow(unit, zone, at(span.start - 1)).end).toBe(span.start);
      }),
      { numRuns: 600 },
    );
  });

  it('around every change of a clock too', () => {
    fc.assert(
      fc.property(units, fc.constantFrom(...ODD_ZONES), instants, (unit, zone, instant) => {
        const near = changeAfter(zone, instant);
        for (const offset of [-1, 0, 1, -1_800_000, 1_800_000, 3_600_000]) {
          const span = calendarWindow(unit, zone, at(near + offset));
          expect(span.start <= near + offset && near + offset < span.end).toBe(true);
          expect(calendarWindow(unit, zone, span.end).start).toBe(span.end);
          expect(calendarWindow(unit, zone, at(span.end - 1))).toEqual(span);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('days begin at the first instant of their date, weeks on Monday, months on the first', () => {
    fc.assert(
      fc.property(zones, instants, (zone, instant) => {
        const day = calendarWindow('day', zone, instant);
        expect(dateIn(zone, day.start) > dateIn(zone, day.start - 1)).toBe(true);
        expect(day.end - day.start).toBeGreaterThanOrEqual(22 * 3_600_000);
        expect(day.end - day.start).toBeLessThanOrEqual(26 * 3_600_000);
        const week = calendarWindow('week', zone, instant).start;
        const options = { timeZone: zone, weekday: 'short' } as const;
        expect(new Date(week).toLocaleDateString('en-US', options)).toBe('Mon');
        expect(dateIn(zone, week) > dateIn(zone, week - 1)).toBe(true);
        const month = calendarWindow('month', zone, instant).start;
        expect(dateIn(zone, month).slice(-2)).toBe('01');
        expect(dateIn(zone, month - 1).slice(0, 7) < dateIn(zone, month).slice(0, 7)).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  it('no hour or minute is longer than its name', () => {
    fc.assert(
      fc.property(zones, instants, (zone, instant) => {
        const hour = calendarWindow('hour', zone, instant);
        const minute = calendarWindow('minute', zone, instant);
        expect(hour.end - hour.start).toBeLessThanOrEqual(3_600_000);
        expect(minute.end - minute.start).toBeLessThanOrEqual(60_000);
      }),
    );
  });

  it('a rolling window counts a charge for its duration and at most one part more', () => {
    const durations = fc.integer({ min: 1000, max: 366 * DAY_MS }).map((ms) => durationMs(ms)!);
    fc.assert(
      fc.property(durations, instants, (duration, instant) => {
        const width = rollingPartMs(duration);
        const part = rollingPart(duration, instant);
        expect(part.start <= instant && instant < part.end).toBe(true);
        const leavesAt = rollingParts(duration, part.start).at(-1)!.leavesAt;
        expect(leavesAt - instant).toBeGreaterThan(duration);
        expect(leavesAt - instant).toBeLessThanOrEqual(61 * width);
        const countsAt = (ms: number): boolean =>
          rollingParts(duration, rollingPart(duration, at(ms)).start).some(
            ({ start }) => start === part.start,
          );
        expect(countsAt(leavesAt - 1)).toBe(true);
        expect(countsAt(leavesAt)).toBe(false);
      }),
    );
  });
});

const offsetFormats = new Map<string, Intl.DateTimeFormat>();

function offsetFormat(timeZone: string): Intl.DateTimeFormat {
  const format =
    offsetFormats.get(timeZone) ??
    new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  offsetFormats.set(timeZone, format);
  return format;
}

/** The zone's next change of offset after `from`, or some 400 days later if there is none. */
function changeAfter(zone: string, from: number): number {
  const offset = (ms: number): string => offsetFormat(zone).format(ms).slice(-9);
  let ms = from;
  for (let step = 0; step < 400; step += 1) {
    if (offset(ms) === offset(ms + DAY_MS)) {
      ms += DAY_MS;
      continue;
    }
    let [same, changed] = [ms, ms + DAY_MS];
    while (changed - same > 1) {
      const middle = Math.floor((same + changed) / 2);
      if (offset(middle) === offset(same)) same = middle;
      else changed = middle;
    }
    return changed;
  }
  return ms;
}

const dimensions = fc.constantFrom('customer', 'feature', 'model', 'agent');
const values = fc.oneof(
  fc.string({ minLength: 1, maxLength: 20, unit: 'binary' }),
  fc.string({
    minLength: 1,
    maxLength: 6,
    unit: fc.constantFrom('a', '|', '%', '7', 'C', 'u', '\ud800', '\udc00', '\u0000'),
  }),
  fc.constantFrom('acme', 'beta', 'claude-opus', '__proto__'),
);
const capConfigs = fc.record(
  {
    scope: fc.oneof(fc.constant('global'), dimensions),
    window: fc.constantFrom<CapConfig['window'][]>(
      'minute',
      'hour',
      'day',
      'week',
      'month',
      'lifetime',
      'rolling 1h',
      'rolling 7d',
    ),
    usd: fc.integer({ min: 0, max: 100 }),
    mode: fc.constantFrom<('enforce' | 'observe')[]>('enforce', 'observe'),
    timeZone: fc.constantFrom('UTC', 'Europe/Berlin', 'Pacific/Apia'),
  },
  { requiredKeys: ['scope', 'window', 'usd'] },
);
const capLists = fc.uniqueArray(capConfigs, {
  maxLength: 6,
  selector: ({ scope, window, mode, timeZone }) =>
    JSON.stringify([
      scope,
      window,
      mode ?? 'enforce',
      /^(rol|life)/.test(window) ? '' : (timeZone ?? 'UTC'),
    ]),
});
const scopeSteps = fc.array(fc.tuple(dimensions, values), { maxLength: 6 });

function keysOf(config: BudgetGuardConfig, scopes: ScopeSet, when: EpochMs): readonly string[] {
  const plan = createPolicy(readConfig(config).caps).plan(scopes, when);
  if (isScopeMissing(plan)) throw new Error('nothing is refused here');
  return plan.map(({ parts }) => parts.at(-1)!.key);
}

describe('a plan', () => {
  it('P2: no two accounts share a key', () => {
    fc.assert(
      fc.property(capLists, scopeSteps, instants, (caps, steps, when) => {
        let scopes: ScopeSet = {};
        for (const [dimension, value] of steps) scopes = narrow(scopes, { [dimension]: value });
        const keys = keysOf({ caps }, scopes, when);
        expect(new Set(keys).size).toBe(keys.length);
      }),
    );
  });

  it('P4: an inner scope adds accounts and never escapes one', () => {
    fc.assert(
      fc.property(
        capLists,
        scopeSteps,
        dimensions,
        values,
        instants,
        (caps, steps, dimension, value, when) => {
          let outer: ScopeSet = { [dimension]: ['outermost'] };
          for (const [name, each] of steps) outer = narrow(outer, { [name]: each });
          const inner = new Set(keysOf({ caps }, narrow(outer, { [dimension]: value }), when));
          for (const key of keysOf({ caps }, outer, when)) expect(inner).toContain(key);
        },
      ),
    );
  });

  it('P1: the order does not depend on how scopes were nested', () => {
    fc.assert(
      fc.property(capLists, scopeSteps, instants, (caps, steps, when) => {
        const nest = (list: readonly (readonly [string, string])[]): ScopeSet =>
          list.reduce<ScopeSet>((scopes, [name, each]) => narrow(scopes, { [name]: each }), {});
        const keys = keysOf({ caps }, nest(steps), when);
        expect(keysOf({ caps }, nest(steps.toReversed()), when)).toEqual(keys);
      }),
    );
  });

  it('different values never share a key, in memory or as UTF-8', () => {
    const seen = new Map<string, string>();
    fc.assert(
      fc.property(values, (value) => {
        const key = accountKey('cap', value, at(0));
        const stored = Buffer.from(key, 'utf8').toString('utf8');
        expect(stored).toBe(key);
        expect(seen.get(key) ?? value).toBe(value);
        seen.set(key, value);
      }),
      { numRuns: 5000 },
    );
  });

  it('ids depend on what a cap is, not on its amount or place (I8)', () => {
    fc.assert(
      fc.property(capLists, fc.integer({ min: 0, max: 1000 }), (caps, usd) => {
        const ids = readConfig({ caps }).caps.map(({ id }) => id);
        const changed = caps.map((cap) => ({ ...cap, usd })).toReversed();
        expect(readConfig({ caps: changed }).caps.map(({ id }) => id)).toEqual(ids.toReversed());
      }),
    );
  });
});

/** The ledger's rule, written down again as plainly as possible (L1, L2, L8 of the port). */
class ReferenceLedger {
  readonly #spent = new Map<string, number[]>();
  readonly #held = new Map<string, number[]>();

  add(account: Account, by: Amounts, kind: 'spent' | 'held'): void {
    const book = kind === 'spent' ? this.#spent : this.#held;
    const { key } = account.parts.at(-1)!;
    book.set(key, plus(book.get(key), [by.usd, by.tokens, by.calls]));
  }

  short(account: Account, by: Amounts): Short | undefined {
    const spent = account.parts.map(({ key }) => plus(this.#spent.get(key)));
    const held = account.parts.map(({ key }) => plus(this.#held.get(key)));
    const [allSpent, allHeld] = [spent, held].map((list) =>
      list.reduce((l, r) => plus(l, r), plus()),
    );
    const ceilings = [account.ceiling.usd, account.ceiling.tokens, account.ceiling.calls];
    const needed = [by.usd, by.tokens, by.calls];
    const which = ceilings.findIndex(
      (ceiling, i) => ceiling !== undefined && allSpent![i]! + allHeld![i]! + needed[i]! > ceiling,
    );
    if (which === -1) return undefined;
    const overdrawn = ceilings.some(
      (ceiling, i) => ceiling !== undefined && allSpent![i]! > ceiling,
    );
    const balance: Balance = { spent: amountsOf(allSpent!), held: amountsOf(allHeld!), overdrawn };
    const parts = spent.map((each, index) => amountsOf(plus(each, held[index])));
    return { account, balance, dimension: (['usd', 'tokens', 'calls'] as const)[which]!, parts };
  }
}

function plus(left: readonly number[] = [0, 0, 0], right: readonly number[] = [0, 0, 0]): number[] {
  return left.map((value, index) => value + right[index]!);
}

function amountsOf([usd = 0, token = 0, call = 0]: readonly number[]): Amounts {
  return { usd: nanoUsd(usd)!, tokens: tokens(token)!, calls: calls(call)! };
}

describe('retry_after is exact', () => {
  const windows = fc.constantFrom<CapConfig['window'][]>(
    'minute', 'hour', 'day', 'week', 'month', 'rolling 10s', 'rolling 1m', 'rolling 1h',
    'rolling 7d',
  ); // prettier-ignore
  const caps = fc.uniqueArray(
    fc.record(
      {
        window: windows,
        usd: fc.integer({ min: 1, max: 60 }),
        tokens: fc.integer({ min: 1, max: 60 }),
        timeZone: fc.constantFrom('UTC', 'Europe/Berlin', 'Australia/Lord_Howe', 'America/Havana'),
      },
      { requiredKeys: ['window', 'usd'] },
    ),
    { minLength: 1, maxLength: 4, selector: ({ window }) => window },
  );
  const charge = fc.record({
    /** Thousandths of the shortest window before the decision. */
    ago: fc.integer({ min: 0, max: 3000 }),
    usd: fc.integer({ min: 0, max: 15 }),
    tokens: fc.integer({ min: 0, max: 15 }),
    kind: fc.constantFrom<('spent' | 'held')[]>('spent', 'held'),
  });
  const order = fc.record({
    usd: fc.integer({ min: 0, max: 20 }),
    tokens: fc.integer({ min: 0, max: 20 }),
  });
  const scales = fc.constantFrom(1, 60, 1000, 60_000, 3_600_000);

  it('at resets_at the same call fits, and one millisecond before it does not', () => {
    let refusals = 0;
    let rolling = 0;
    fc.assert(
      fc.property(
        caps, fc.array(charge, { maxLength: 20 }), order, instants, scales,
        (given, charges, wanted, now, scale) => {
          const dollars = given.map((cap) => ({ ...cap, scope: 'global', usd: cap.usd / 1e9 }));
          const policy = createPolicy(readConfig({ caps: dollars }).caps);
          const planned = (ms: number): readonly Account[] => {
            const plan = policy.plan({}, at(ms));
            if (isScopeMissing(plan)) throw new Error('no scope can be missing');
            return plan;
          };
          const ledger = new ReferenceLedger();
          for (const { ago, usd, tokens: token, kind } of charges) {
            const by = amountsOf([usd, token, 1]);
            for (const account of planned(now - ago * scale)) ledger.add(account, by, kind);
          }
          const amounts = amountsOf([wanted.usd, wanted.tokens, 1]);
          const shortAt = (ms: number): Short[] =>
            planned(ms).flatMap((account) => ledger.short(account, amounts) ?? []);
          const short = shortAt(now);
          if (short.length === 0) return;
          refusals += 1;
          const refusal = capRefusal({ short, at: now, amounts, model: undefined });
          for (const { capId, window, resetsAt, fitsWhenEmpty } of refusal.accounts) {
            if (window.startsWith('rolling')) rolling += 1;
            const isShort = (ms: number): boolean =>
              shortAt(ms).some(({ account }) => account.capId === capId);
            expect(resetsAt).not.toBeNull();
            expect(resetsAt!).toBeGreaterThan(now);
            expect(isShort(resetsAt! - 1)).toBe(true);
            expect(isShort(resetsAt!)).toBe(!fitsWhenEmpty);
          }
          if (refusal.accounts.some(({ fitsWhenEmpty }) => !fitsWhenEmpty)) return;
          expect(shortAt(refusal.binding.resetsAt!)).toEqual([]);
          expect(shortAt(refusal.binding.resetsAt! - 1)).not.toEqual([]);
        },
      ),
      { numRuns: 800 },
    ); // prettier-ignore
    expect(refusals).toBeGreaterThan(100);
    expect(rolling).toBeGreaterThan(50);
  });
});
