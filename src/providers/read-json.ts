import { BODY_DEPTH_MAX, BODY_NODES_MAX } from '../estimate/body-tokens.ts';
import { isCount, tokens, type Tokens } from '../units/count.ts';
import { REQUEST_TOKENS_MAX } from '../units/count.ts';
import { hasDuplicateKeys } from './duplicate-keys.ts';
import type { JsonObject, RequestFacts, Unreadable } from './provider.ts';

/** The longest request body that is read, in UTF-16 units; providers refuse far shorter ones. */
export const REQUEST_CHARS_MAX = 64 * 1024 * 1024;

/** Whether `value` is a JSON object: neither an array nor `null`. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value as a request that cannot be read, or not. */
export function isUnreadable(value: object): value is Unreadable {
  return 'kind' in value && value.kind === 'unreadable';
}

/** A request that cannot be read, naming the field. */
export function unreadable(field: string, reason: string): Unreadable {
  return { kind: 'unreadable', field, reason };
}

/**
 * The body off the wire as a JSON object. One that has a key twice in one object is refused:
 * readers differ on which of its values counts.
 */
export function parseBody(wire: string): JsonObject | Unreadable {
  if (wire.length > REQUEST_CHARS_MAX) {
    return unreadable('body', `longer than ${REQUEST_CHARS_MAX} characters`);
  }
  let body: unknown;
  try {
    body = JSON.parse(wire);
  } catch {
    return unreadable('body', 'not JSON');
  }
  if (!isObject(body)) return unreadable('body', 'not a JSON object');
  return hasDuplicateKeys(wire, body) ? unreadable('body', KEY_TWICE) : body;
}

const KEY_TWICE = 'an object in it has one key twice, of which servers may read either';

/**
 * A plain copy of a live object as its JSON form would be: own enumerable keys, `toJSON` honoured,
 * every property read exactly once, so that what was bounded is what was seen.
 *
 * Unreadable when it holds a bigint, is nested too deep (a cycle is), too large, or throws when
 * read.
 */
export function snapshot(live: JsonObject): JsonObject | Unreadable {
  try {
    const root = jsonForm(live, '');
    if (!isObject(root)) return unreadable('body', 'not a JSON object');
    return copyTree(root);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'it threw when it was read';
    return unreadable('body', `cannot be read: ${reason}`);
  }
}

interface CopyStep {
  readonly from: object;
  readonly to: object;
  readonly depth: number;
}

function copyTree(root: JsonObject): JsonObject | Unreadable {
  const copy: JsonObject = {};
  const pending: CopyStep[] = [{ from: root, to: copy, depth: 1 }];
  let nodes = 0;
  for (let step = pending.pop(); step !== undefined; step = pending.pop()) {
    const { from, to, depth } = step;
    if (depth > BODY_DEPTH_MAX) {
      return unreadable('body', `nested deeper than ${BODY_DEPTH_MAX} levels, or a cycle`);
    }
    const names = Array.isArray(from) ? undefined : Object.keys(from);
    const length = names?.length ?? (from as readonly unknown[]).length;
    nodes += length;
    if (nodes > BODY_NODES_MAX) return unreadable('body', `more than ${BODY_NODES_MAX} values`);
    for (let index = 0; index < length; index++) {
      const name = names?.[index] ?? String(index);
      const item = jsonForm((from as JsonObject)[name], name);
      if (typeof item === 'bigint') return unreadable(name, 'a bigint, which JSON cannot carry');
      const isAbsent = item === undefined || typeof item === 'function' || typeof item === 'symbol';
      if (isAbsent && names !== undefined) continue;
      if (typeof item !== 'object' || item === null) define(to, name, isAbsent ? null : item);
      else {
        const child = Array.isArray(item) ? [] : {};
        define(to, name, child);
        pending.push({ from: item, to: child, depth: depth + 1 });
      }
    }
  }
  return copy;
}

/** What JSON would write for the value: that of its `toJSON`, where it has one. */
function jsonForm(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const toJson: unknown = 'toJSON' in value ? value.toJSON : undefined;
  return typeof toJson === 'function' ? Reflect.apply(toJson, value, [name]) : value;
}

/** Own data property under any name: `__proto__` too must stay a plain key. */
function define(target: object, name: string, value: unknown): void {
  if (name === '__proto__') {
    const descriptor = { value, enumerable: true, configurable: true, writable: true };
    Object.defineProperty(target, name, descriptor);
  } else (target as Record<string, unknown>)[name] = value;
}

/** Which whole numbers a field may hold. */
export interface CountRule {
  readonly field: string;
  readonly min: 0 | 1;
  readonly max: number;
}

/** The first field whose number cannot be meant: negative, fractional, not a number, or absurd. */
export function badCount(body: JsonObject, rules: readonly CountRule[]): Unreadable | undefined {
  for (const { field, min, max } of rules) {
    const value = body[field];
    if (value === undefined || value === null) continue;
    if (isCount(value) && value >= min && value <= max) continue;
    return unreadable(field, `${show(value)} is not a whole number from ${min} to ${max}`);
  }
  return undefined;
}

/** A rule for a field of tokens. */
export function tokenRule(field: string): CountRule {
  return { field, min: 0, max: REQUEST_TOKENS_MAX };
}

/** The field's count as tokens; `undefined` when absent. Call after `badCount`. */
export function tokensOf(body: JsonObject, field: string): Tokens | undefined {
  return tokens(body[field]);
}

/** The same request to another model, where the body names it. */
export function withModelInBody(facts: RequestFacts, model: string): RequestFacts {
  return { ...facts, model, body: { ...facts.body, model } };
}

function show(value: unknown): string {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : `a ${typeof value}`;
}
