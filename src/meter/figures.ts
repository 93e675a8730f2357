import { isCount, tokens } from '../units/count.ts';
import type { Tokens } from '../units/count.ts';

/** A JSON object from upstream: nothing about it is trusted. */
export type Fields = { readonly [key: string]: unknown };

const RANGE = 'not a whole number from 0 to 2^53 - 1';
const VALUE_TEXT_MAX = 40;
const ERROR_LENGTH_MAX = 500;

/**
 * Reads usage figures and remembers the first that cannot be meant.
 *
 * A figure that is absent or `null` is `undefined`, which is not zero: the caller decides. Anything
 * else but an integer from 0 to 2^53 - 1 makes the whole reading hostile.
 */
export class Figures {
  #hostile: string | undefined;

  /** Why the figures cannot be used, in words; `undefined` while they can. */
  get hostile(): string | undefined {
    return this.#hostile;
  }

  /** Keeps the first reason. */
  suspect(reason: string): void {
    this.#hostile ??= reason;
  }

  tokens(owner: Fields | undefined, field: string): Tokens | undefined {
    return tokens(this.count(owner, field));
  }

  count(owner: Fields | undefined, field: string): number | undefined {
    const value = own(owner, field);
    if (value === undefined || value === null) return undefined;
    if (isCount(value)) return value;
    this.suspect(`${field} is ${show(value)}, ${RANGE}`);
    return undefined;
  }

  /** The object in that field; absent or `null` is `undefined`, anything else is hostile. */
  object(owner: Fields | undefined, field: string): Fields | undefined {
    return this.fields(own(owner, field), field);
  }

  /** The value as an object; absent or `null` is `undefined`, anything else is hostile. */
  fields(value: unknown, name: string): Fields | undefined {
    if (value === undefined || value === null) return undefined;
    if (isFields(value)) return value;
    this.suspect(`${name} is ${show(value)}, not an object`);
    return undefined;
  }

  /** `whole` less `part`; hostile, and zero, when the part is larger. */
  less(whole: Tokens, part: Tokens, reason: string): Tokens {
    const rest = tokens(whole - part);
    if (rest === undefined) this.suspect(`${reason}: ${part} of ${whole}`);
    return rest ?? whole;
  }
}

/** Whether the value is a JSON object: not `null`, not an array. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The string, cut to `lengthMax` characters; `undefined` for anything else or an empty one. */
export function textOf(value: unknown, lengthMax: number): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, lengthMax) : undefined;
}

/** What a provider's `error` field says, in short; `undefined` when there is none. */
export function errorText(error: unknown): string | undefined {
  if (error === undefined || error === null) return undefined;
  const fields: Fields = isFields(error) ? error : { message: error };
  const { type, code, message } = fields;
  const parts = [textOf(type, ERROR_LENGTH_MAX) ?? textOf(code, ERROR_LENGTH_MAX)];
  parts.push(textOf(message, ERROR_LENGTH_MAX));
  return parts.filter((part) => part !== undefined).join(': ') || 'an error without a message';
}

function own(owner: Fields | undefined, field: string): unknown {
  return owner !== undefined && Object.hasOwn(owner, field) ? owner[field] : undefined;
}

function show(value: unknown): string {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return JSON.stringify(value.slice(0, VALUE_TEXT_MAX));
  return Array.isArray(value) ? 'an array' : `of type ${typeof value}`;
}
