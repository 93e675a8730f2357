import type { Ceiling } from '../ledger/account.ts';
import { escaped } from './account-key.ts';
import type { Cap } from './cap.ts';
import type { ReadCap } from './config-fields.ts';
import { fault } from './fields.ts';
import { GLOBAL_SCOPE } from './scope.ts';
import { readWindow, windowText } from './window-text.ts';
import type { Window } from './window.ts';

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
    const earlier = paths.get(cap.id);
    if (earlier !== undefined) throw sameId(source, cap, earlier);
    paths.set(cap.id, source.path);
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
  const mode = cap.mode ?? defaults.mode;
  const ceiling: Ceiling = Object.freeze({ usd, tokens, calls });
  return Object.freeze({
    id: cap.id ?? derivedCapId({ scope, match, window, mode }),
    scope,
    match,
    window: Object.freeze(window),
    ceiling,
    mode,
    unattributed: cap.unattributed ?? defaults.unattributed,
    thresholds: cap.thresholds ?? defaults.thresholds,
  });
}

function sameId({ path, cap }: CapSource, { id }: Cap, earlier: string): Error {
  const isGiven = cap.id !== undefined;
  const field = isGiven ? `${path}.id` : path;
  const reason =
    `${path} and ${earlier} are one cap (id "${id}") and would share their accounts; ` +
    'put usd, tokens and calls of one scope and window into one cap, or give one of the two an id';
  return fault({ field, value: isGiven ? cap.id : cap, reason, nearest: `"id": "${id}~2"` });
}
