import type { Ceiling } from '../ledger/account.ts';
import { escaped } from './account-key.ts';
import type { Cap, LoopCeiling } from './cap.ts';
import type { ReadCap } from './config-fields.ts';
import { fault } from './fields.ts';
import { GLOBAL_SCOPE } from './scope.ts';
import { readWindow, windowText } from './window-text.ts';
import type { Window } from './window.ts';
import { workIdOf } from './wrap-up.ts';

/** A cap as it was read, and where it stands in the configuration. */
export interface CapSource {
  readonly path: string;
  readonly cap: ReadCap;
}

/** What a cap takes from the configuration when it does not say. */
export interface CapDefaults {
  readonly timeZone: string;
  readonly unattributed: Cap['unattributed'];
  readonly thresholds: readonly number[];
  readonly mode: Cap['mode'];
  readonly onShort: Cap['onShort'];
  readonly minOutputTokens: Cap['minOutputTokens'];
}

/**
 * Caps in the order of `sources`, frozen, each with its id.
 *
 * Throws `CONFIG_INVALID` when two have one id: they would share their accounts.
 */
export function assembleCaps(sources: readonly CapSource[], defaults: CapDefaults): readonly Cap[] {
  const paths = new Map<string, string>();
  const caps = sources.map((source) => {
    const cap = assemble(source, defaults);
    for (const id of cap.wrapUpParts === 0 ? [cap.id] : [cap.id, workIdOf(cap.id)]) {
      const earlier = paths.get(id);
      if (earlier !== undefined) throw sameId(source, { id }, earlier);
      paths.set(id, source.path);
    }
    return cap;
  });
  return Object.freeze(caps);
}

/**
 * The id of a cap that was given none: `global/day`, `model=gpt-5/rolling-1h`,
 * `customer/month@europe/berlin`, `observe:global/day`.
 *
 * Made of scope, match, window, time zone (calendar windows outside UTC only) and mode. The amount
 * is no part of it, nor the place in the list: changing an amount keeps what was spent.
 */
export function derivedCapId(cap: Pick<Cap, 'scope' | 'match' | 'window' | 'mode'>): string {
  const { scope, match, window, mode } = cap;
  const prefix = mode === 'observe' ? 'observe:' : '';
  const values = match === undefined ? '' : `=${escaped(match).replaceAll('/', '%2F')}`;
  return `${prefix}${scope}${values}/${windowText(window).replace(' ', '-')}${zoneSuffix(window)}`;
}

function zoneSuffix(window: Window): string {
  if (window.kind !== 'calendar') return '';
  const zone = window.timeZone.toLowerCase();
  return zone === 'utc' ? '' : `@${zone}`;
}

function assemble({ path, cap }: CapSource, defaults: CapDefaults): Cap {
  const { scope, match, usd, tokens, calls } = cap;
  const window = readWindow(cap.window, cap.timeZone ?? defaults.timeZone);
  if (window === undefined) {
    throw fault({ field: `${path}.window`, value: cap.window, reason: 'is no window' });
  }
  if (scope === GLOBAL_SCOPE && match !== undefined) {
    const reason = `\`match\` selects values of a dimension, and "${GLOBAL_SCOPE}" has none`;
    throw fault({ field: `${path}.match`, value: match, reason, nearest: '"scope": "model"' });
  }
  if (scope === GLOBAL_SCOPE) mustNotNest(path, cap);
  const mode = cap.mode ?? defaults.mode;
  const ceiling: Ceiling = Object.freeze({ usd, tokens, calls });
  return Object.freeze({
    id: cap.id ?? derivedCapId({ scope, match, window, mode }),
    scope,
    match,
    window: Object.freeze(window),
    ceiling,
    loops: loopCeiling(cap),
    mode,
    unattributed: cap.unattributed ?? defaults.unattributed,
    thresholds: cap.thresholds ?? defaults.thresholds,
    onShort: cap.onShort ?? defaults.onShort,
    minOutputTokens: cap.minOutputTokens ?? defaults.minOutputTokens,
    wrapUpParts: cap.wrapUp ?? 0,
  });
}

function loopCeiling({ identical, depth, fanOut }: ReadCap): LoopCeiling | undefined {
  if (identical === undefined && depth === undefined && fanOut === undefined) return undefined;
  return Object.freeze({ identical, depth, fanOut });
}

function mustNotNest(path: string, cap: ReadCap): void {
  for (const name of ['depth', 'fanOut'] as const) {
    if (cap[name] === undefined) continue;
    const reason = `\`${name}\` counts values of a dimension, and "${GLOBAL_SCOPE}" has none`;
    throw fault({
      field: `${path}.${name}`,
      value: cap[name],
      reason,
      nearest: '"scope": "agent"',
    });
  }
}

function sameId({ path, cap }: CapSource, { id }: Pick<Cap, 'id'>, earlier: string): Error {
  const isGiven = cap.id !== undefined;
  const field = isGiven ? `${path}.id` : path;
  const reason =
    `${path} and ${earlier} are one cap (id "${id}") and would share their accounts; ` +
    'put all amounts of one scope and window into one cap, or give one of the two an id';
  return fault({ field, value: isGiven ? cap.id : cap, reason, nearest: `"id": "${id}~2"` });
}
