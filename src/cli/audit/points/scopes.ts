import { GLOBAL_SCOPE } from '../../../policy/scope.ts';
import type { Cap } from '../../../policy/cap.ts';
import { attributionIn, type Attribution } from '../code/attribution.ts';
import type { GuardMade } from '../code/guards.ts';
import { NO_MODELS, spends, withoutGuard, type Finding, type Point } from '../point.ts';
import { capPlace, configPlace } from './caps.ts';

/** Dimensions that every call has by itself. */
const BUILT_IN = new Set([GLOBAL_SCOPE, 'model', 'provider']);

/** 2. One spender cannot use up what is there for all. */
export const SCOPES: Point = {
  id: 'scopes',
  title: 'Caps are as fine as those who spend',
  why:
    'Under one cap for all, the first customer, feature or agent that goes wrong uses it up, and ' +
    'everybody else is refused with it.',
  looksAt: [
    'Whether a cap is per customer, feature, agent or another dimension',
    'Whether calls carry a value for each dimension that a cap has: `guard.run`, ' +
      '`guard.for`, wrappers, middleware, `HARDCAP_SCOPES`',
  ],
  mend:
    'Add `per_<dimension>_cap_per_day_usd`, and run calls in `guard.run({ <dimension>: ' +
    'value }, fn)`.',
  judge(project) {
    if (!spends(project)) return NO_MODELS;
    const none = withoutGuard(
      project,
      'everybody spends from one purse here, and it has no bottom',
    );
    if (none !== undefined) return none;
    const attribution = attributionIn(project);
    return {
      kind: 'judged',
      findings: project.guards.flatMap((guard) => judged(guard, attribution)),
      evidence: attribution.places,
    };
  },
};

function judged(guard: GuardMade, attribution: Attribution): Finding[] {
  const { config } = guard;
  if (config.kind === 'invalid') {
    const place = configPlace(guard, config.field.split('.').at(-1) ?? '');
    const what = 'the configuration does not load, so its scopes cannot be judged';
    return [{ level: 'warn', place, what, mend: 'correct it first' }];
  }
  if (config.kind === 'computed') return computed(guard);
  const { caps } = config.settings;
  const fine = caps.filter(({ scope }) => scope !== GLOBAL_SCOPE);
  if (fine.length === 0) {
    const what = 'there is only a global cap: one customer, feature or agent can use it up';
    const mend = 'add `per_customer_cap_per_day_usd` or a cap for the dimension that spends';
    return [{ level: 'fail', place: configPlace(guard), what, mend }];
  }
  return dimensionsOf(fine).flatMap((cap) => unattributed(guard, cap, attribution));
}

function computed(guard: GuardMade): Finding[] {
  const { config } = guard;
  const names = config.kind === 'computed' ? Object.keys(config.fields ?? {}) : [];
  if (names.some((name) => name.startsWith('per_') || name === 'caps')) return [];
  const what = 'the configuration is computed, so its scopes cannot be seen';
  const mend = 'keep it in `budget-guard.config.json`';
  return [{ level: 'warn', place: configPlace(guard), what, mend }];
}

/** The first cap of each dimension that calls have to carry. */
function dimensionsOf(caps: readonly Cap[]): readonly Cap[] {
  return caps.filter(
    ({ scope }, index) =>
      !BUILT_IN.has(scope) && caps.findIndex((one) => one.scope === scope) === index,
  );
}

function unattributed(guard: GuardMade, cap: Cap, attribution: Attribution): Finding[] {
  if (attribution.dimensions.has(cap.scope)) return [];
  const share =
    cap.unattributed === 'refuse'
      ? 'all calls are refused for want of one'
      : 'all calls share one account';
  const place = capPlace(guard, cap);
  const mend = `run calls in \`guard.run({ ${cap.scope}: value }, fn)\``;
  if (attribution.isComputed) {
    const what = `no call is seen to carry a value for ${cap.scope}, and some scopes are computed`;
    return [{ level: 'warn', place, what, mend }];
  }
  const what = `no call carries a value for ${cap.scope}, so ${share} of this cap`;
  return [{ level: 'fail', place, what, mend }];
}
