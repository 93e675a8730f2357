import { MisuseError } from '../errors/error.ts';
import { BUDGET_SCOPE, GLOBAL_SCOPE, type Scopes, type ScopeSet } from './scope.ts';

/** What a dimension may be called. */
export const DIMENSION_PATTERN = '^[A-Za-z][A-Za-z0-9_.-]{0,63}$';

/** Longest value of a dimension, in UTF-16 units. */
export const SCOPE_CHARS_MAX = 256;

/** Most dimensions on one call. */
export const DIMENSIONS_MAX = 32;

/** Most values of one dimension on one call: how deep scopes of one dimension can nest. */
export const SCOPE_VALUES_MAX = 64;

const DIMENSION = new RegExp(DIMENSION_PATTERN);
const NO_SCOPES: ScopeSet = Object.freeze({});

/**
 * Reads what a caller gave as scopes. A value that is `undefined` counts as absent.
 *
 * Throws `REQUEST_INVALID` for anything but an object of dimension names and non-empty strings of
 * at most 256 characters.
 */
export function readScopes(scopes: unknown): ScopeSet {
  if (scopes === undefined) return NO_SCOPES;
  if (typeof scopes !== 'object' || scopes === null || Array.isArray(scopes)) {
    throw invalid('scopes must be an object of dimensions and values, { customer: "acme" }');
  }
  return widened(NO_SCOPES, scopes);
}

/**
 * The outer scopes with the inner ones added: the union of values, outermost first.
 *
 * A value set further out stays and is drawn on as well, so an inner scope can add accounts and
 * never escape one. Returns `outer` itself when nothing is new. Throws `REQUEST_INVALID` like
 * `readScopes`.
 */
export function narrow(outer: ScopeSet, inner: Scopes): ScopeSet {
  if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return readScopes(inner);
  return widened(outer, inner);
}

function widened(outer: ScopeSet, added: object): ScopeSet {
  let scopes: { [dimension: string]: readonly string[] } | undefined;
  for (const dimension of Object.keys(added)) {
    const value: unknown = Reflect.get(added, dimension);
    if (value === undefined) continue;
    const text = readValue(dimension, value);
    const values = Object.hasOwn(outer, dimension) ? outer[dimension] : undefined;
    if (values?.includes(text) === true) continue;
    if (values !== undefined && values.length >= SCOPE_VALUES_MAX) {
      throw invalid(
        `scope ${dimension} has ${SCOPE_VALUES_MAX} nested values, the most there can be`,
      );
    }
    scopes ??= { ...outer };
    scopes[dimension] = Object.freeze(values === undefined ? [text] : [...values, text]);
  }
  if (scopes === undefined) return outer;
  if (Object.keys(scopes).length > DIMENSIONS_MAX) {
    throw invalid(`a call can have at most ${DIMENSIONS_MAX} dimensions`);
  }
  return Object.freeze(scopes);
}

/** Names found valid before: an application has few, and reads them at every call. */
const known = new Set<string>();
const KNOWN_MAX = 1_000;

function isDimension(name: string): boolean {
  if (known.has(name) || name === BUDGET_SCOPE) return true;
  if (!DIMENSION.test(name) || name === GLOBAL_SCOPE) return false;
  if (known.size < KNOWN_MAX) known.add(name);
  return true;
}

function readValue(dimension: string, value: unknown): string {
  if (!isDimension(dimension)) {
    const shown = JSON.stringify(dimension.slice(0, 64));
    throw invalid(
      `${shown} cannot be a dimension: a letter, then up to 63 letters, digits, "_", "-" or ".", ` +
        `and not "${GLOBAL_SCOPE}", which every call belongs to`,
    );
  }
  if (typeof value !== 'string') {
    throw invalid(
      `scope ${dimension} must be a string, not ${value === null ? 'null' : typeof value}`,
    );
  }
  if (value.length === 0 || value.length > SCOPE_CHARS_MAX) {
    throw invalid(
      `scope ${dimension} has ${value.length} characters; it must have 1 to ${SCOPE_CHARS_MAX}`,
    );
  }
  return value;
}

function invalid(statement: string): MisuseError {
  return new MisuseError('REQUEST_INVALID', `Cannot attribute the call: ${statement}.`);
}
