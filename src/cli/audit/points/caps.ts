import type { Cap } from '../../../policy/cap.ts';
import { GLOBAL_SCOPE } from '../../../policy/scope.ts';
import { readShorthand } from '../../../policy/shorthand.ts';
import { configLine, type GuardMade } from '../code/guards.ts';
import {
  NO_MODELS,
  spends,
  withoutGuard,
  type Evidence,
  type Finding,
  type Point,
} from '../point.ts';
import type { Place } from '../project.ts';
import { registerLines } from '../code/register-lines.ts';

/** 1. There are caps, they load, and they refuse. */
export const CAPS: Point = {
  id: 'caps',
  title: 'Caps are configured',
  why:
    'Without a cap that loads and refuses, nothing stops a loop; a cap that only ' +
    'observes tells of ' +
    'the money when it is gone.',
  looksAt: [
    'Every `new BudgetGuard(...)`, `BudgetGuard.fromConfig()` and `budget-guard.config.json`',
    'The configuration is read by the reader of hardcap itself, unknown fields included',
    'One cap in dollars is global and enforced, and one of the enforced caps has a ' +
      'window of at most a day',
  ],
  mend: 'Set `global_cap_per_day_usd`, and correct the field that the finding names.',
  judge(project) {
    if (!spends(project)) return NO_MODELS;
    const none = withoutGuard(project, 'money is spent here, and no guard is made anywhere');
    if (none !== undefined) return none;
    const loaded = registerLines(project);
    return {
      kind: 'judged',
      findings: project.guards.flatMap((guard) => judged(guard, loaded.length > 0)),
      evidence: project.guards.flatMap(evidenceOf),
    };
  },
};

const DAY_MS = 86_400_000;

function judged(guard: GuardMade, isRegistered: boolean): Finding[] {
  const { config, made } = guard;
  const place = configPlace(guard);
  if (made === undefined && !isRegistered) {
    const what = 'this configuration is loaded by nobody';
    const mend =
      'make a guard with `BudgetGuard.fromConfig()`, or start with `--import hardcap/register`';
    return [{ level: 'fail', place, what, mend }];
  }
  if (config.kind === 'invalid') {
    const at = configPlace(guard, lastName(config.field));
    return [
      {
        level: 'fail',
        place: at,
        what: config.reason.replace(/\.$/, ''),
        mend: 'correct the field',
      },
    ];
  }
  if (config.kind === 'computed') return computed(guard);
  const { caps } = config.settings;
  if (caps.length === 0) {
    return [
      { level: 'fail', place, what: 'there is no cap in it', mend: 'set `global_cap_per_day_usd`' },
    ];
  }
  return [...observers(guard, caps), ...missing(guard, caps)];
}

function computed(guard: GuardMade): Finding[] {
  const { config } = guard;
  const fields = config.kind === 'computed' ? config.fields : undefined;
  const names = Object.keys(fields ?? {});
  const hasCap = names.some((name) => name === 'caps' || readShorthand(name) !== undefined);
  if (hasCap) return [];
  const what = 'the configuration is computed, so its caps cannot be seen';
  const mend = 'keep it in `budget-guard.config.json`, or name its caps where the guard is made';
  return [{ level: 'warn', place: configPlace(guard), what, mend }];
}

function observers(guard: GuardMade, caps: readonly Cap[]): Finding[] {
  return caps
    .filter(({ mode }) => mode === 'observe')
    .map((cap) => ({
      level: 'warn',
      place: capPlace(guard, cap),
      what: `the cap ${cap.id} only observes and refuses nothing`,
      mend: "leave `mode: 'observe'` out once its figures are what you expect",
    }));
}

function missing(guard: GuardMade, caps: readonly Cap[]): Finding[] {
  const enforced = caps.filter(
    ({ mode, ceiling }) => mode === 'enforce' && ceiling.usd !== undefined,
  );
  const place = configPlace(guard);
  if (!enforced.some(({ scope }) => scope === GLOBAL_SCOPE)) {
    const what = 'no global cap in dollars is enforced, so the sum over all scopes has no end';
    return [{ level: 'fail', place, what, mend: 'set `global_cap_per_day_usd`' }];
  }
  if (enforced.some(({ window }) => isShort(window))) return [];
  const what = 'no cap has a window of a day or less: the money of a month can go in an hour';
  return [{ level: 'warn', place, what, mend: 'add `global_cap_per_day_usd`' }];
}

function isShort(window: Cap['window']): boolean {
  if (window.kind === 'lifetime') return false;
  if (window.kind === 'rolling') return window.duration <= DAY_MS;
  return window.unit === 'minute' || window.unit === 'hour' || window.unit === 'day';
}

function evidenceOf(guard: GuardMade): Evidence[] {
  const { config } = guard;
  if (config.kind === 'computed') {
    const names = Object.keys(config.fields ?? {}).join(', ');
    return names === '' ? [] : [{ place: configPlace(guard), what: `computed: ${names}` }];
  }
  if (config.kind !== 'settings') return [];
  const ids = config.settings.caps.map(({ id }) => id).join(', ');
  return [{ place: configPlace(guard), what: `caps: ${ids}` }];
}

/** Where a configuration stands, or a field of it. */
export function configPlace(guard: GuardMade, pattern: RegExp | string = ''): Place {
  return { file: guard.configFile, line: configLine(guard, pattern) };
}

/** Where a cap stands in its configuration: its shorthand, or its scope in the list. */
export function capPlace(guard: GuardMade, { scope, window }: Cap): Place {
  const subject = scope === GLOBAL_SCOPE ? 'global' : `per_${scope}`;
  const unit = window.kind === 'calendar' ? `_per_${window.unit}` : '';
  const shorthand = `${subject}_cap${unit}_usd`;
  const text = guard.configText.slice(guard.configFrom, guard.configTo);
  if (text.includes(shorthand)) return configPlace(guard, shorthand);
  const name = scope.replace(/[^\w]/g, '.');
  return configPlace(guard, new RegExp(`\\bscope["']?\\s*:\\s*["']${name}["']`));
}

/** Where a guard is made; its configuration where that is all there is. */
export function guardPlace(guard: GuardMade): Place {
  const { made } = guard;
  if (made === undefined) return configPlace(guard);
  return { file: made.file.path, line: made.file.source.line(made.call.from) };
}

/** `usd` of `caps[0].usd`. */
function lastName(field: string): string {
  return field.split('.').at(-1) ?? '';
}
