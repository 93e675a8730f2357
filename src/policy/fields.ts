import { ConfigError } from '../errors/error.ts';
import { nearestOf } from './nearest.ts';

/** What an editor is told about a value: draft 2020-12 keywords, whole or in part. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/**
 * One kind of value in the configuration: how it is read and what its JSON Schema says. Both come
 * from one place, so that the editor and the guard agree.
 *
 * `read` throws `CONFIG_INVALID` with the path, the value and the nearest valid form. What the
 * schema refuses, `read` refuses; `read` may refuse more.
 */
export interface Field<T> {
  readonly schema: JsonSchema;
  read(value: unknown, path: string): T;
}

/** Fields by name, as the members of an object. */
export type Fields = Readonly<Record<string, Field<unknown>>>;

type ValueOf<F> = F extends Field<infer T> ? T : never;

/** What reading an object of `F` gives; members in `R` are always there. */
export type Members<F extends Fields, R extends keyof F> = {
  readonly [K in R]: ValueOf<F[K]>;
} & { readonly [K in Exclude<keyof F, R>]?: ValueOf<F[K]> };

/** One of a few words. */
export function choice<const T extends string>(words: readonly T[]): Field<T> {
  return {
    schema: { enum: words },
    read(value, path) {
      const word = words.find((candidate) => candidate === value);
      if (word !== undefined) return word;
      const nearest = nearestOf(String(value), words) ?? words[0];
      const reason = `must be one of ${words.map((each) => JSON.stringify(each)).join(', ')}`;
      throw fault({ field: path, value, reason, nearest: JSON.stringify(nearest) });
    },
  };
}

/** `true` or `false`. */
export function flag(): Field<boolean> {
  return {
    schema: { type: 'boolean' },
    read(value, path) {
      if (typeof value === 'boolean') return value;
      const nearest = value === 'false' || value === 0 ? 'false' : 'true';
      throw fault({ field: path, value, reason: 'must be true or false', nearest });
    },
  };
}

/** A text; `pattern` is an anchored ECMAScript pattern. */
export function text({
  pattern,
  charsMax = 256,
  what,
}: {
  readonly pattern?: string;
  readonly charsMax?: number;
  readonly what: string;
}): Field<string> {
  const form = pattern === undefined ? undefined : new RegExp(pattern);
  return {
    schema: {
      type: 'string',
      minLength: 1,
      maxLength: charsMax,
      ...(pattern === undefined ? {} : { pattern }),
    },
    read(value, path) {
      if (typeof value === 'string' && value.length > 0 && value.length <= charsMax) {
        if (form === undefined || form.test(value)) return value;
      }
      throw fault({ field: path, value, reason: `must be ${what}` });
    },
  };
}

/** A whole number in a range. */
export function whole({
  min,
  max = Number.MAX_SAFE_INTEGER,
}: {
  readonly min: number;
  readonly max?: number;
}): Field<number> {
  return {
    schema: { type: 'integer', minimum: min, maximum: max },
    read(value, path) {
      if (
        typeof value === 'number' &&
        Number.isSafeInteger(value) &&
        value >= min &&
        value <= max
      ) {
        return value;
      }
      const reason = `must be a whole number from ${min} to ${max}`;
      throw fault({ field: path, value, reason, nearest: nearestWhole(value, min, max) });
    },
  };
}

/** Any number of values of one kind. */
export function list<T>(item: Field<T>): Field<readonly T[]> {
  return {
    schema: { type: 'array', items: item.schema },
    read(value, path) {
      if (!Array.isArray(value)) {
        throw fault({ field: path, value, reason: 'must be a list, `[...]`' });
      }
      const items: readonly unknown[] = value;
      return Object.freeze(
        Array.from(items, (each, index) => item.read(each, `${path}[${index}]`)),
      );
    },
  };
}

/** An object whose keys are free within `pattern`. */
export function record<T>(
  item: Field<T>,
  { pattern, what }: { readonly pattern: string; readonly what: string },
): Field<Readonly<Record<string, T>>> {
  const form = new RegExp(pattern);
  return {
    schema: {
      type: 'object',
      patternProperties: { [pattern]: item.schema },
      additionalProperties: false,
    },
    read(value, path) {
      const entries = present(value, path).map(([key, each]): [string, T] => {
        if (form.test(key)) return [key, item.read(each, `${path}.${key}`)];
        throw fault({ field: `${path}.${key}`, value: each, reason: `its name must be ${what}` });
      });
      return Object.freeze(Object.fromEntries(entries));
    },
  };
}

/**
 * An object with these members and no others. A member that is `undefined` counts as absent.
 *
 * `anyOf` names members of which at least one must be there.
 */
export function object<F extends Fields, const R extends keyof F & string = never>(
  fields: F,
  {
    required = [],
    anyOf = [],
  }: { readonly required?: readonly R[]; readonly anyOf?: readonly (keyof F & string)[] } = {},
): Field<Members<F, R>> {
  return {
    schema: objectSchema(fields, required, anyOf),
    read(value, path) {
      const entries = present(value, path).map(([name, each]) => {
        const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
        if (field !== undefined) return [name, field.read(each, `${path}.${name}`)] as const;
        throw unknownField({ path, name, value: each, known: Object.keys(fields) });
      });
      const members = Object.fromEntries(entries);
      const absent = required.find((name) => !Object.hasOwn(members, name));
      if (absent !== undefined) {
        const reason = `\`${absent}\` is required`;
        throw fault({ field: `${path}.${absent}`, value: undefined, reason });
      }
      if (anyOf.length > 0 && !anyOf.some((name) => Object.hasOwn(members, name))) {
        throw fault({ field: path, value, reason: `needs at least one of ${anyOf.join(', ')}` });
      }
      // Each entry was read by the field of its name, and every required name was found.
      return Object.freeze(members) as Members<F, R>;
    },
  };
}

/** The entries of an object whose values are not `undefined`; throws `CONFIG_INVALID` otherwise. */
export function present(value: unknown, path: string): readonly [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw fault({ field: path, value, reason: 'must be an object, `{ ... }`' });
  }
  return Object.entries(value).filter(([, each]) => each !== undefined);
}

/** A `ConfigError` for one field; `nearest` may be unknown. */
export function fault({
  nearest,
  ...rest
}: {
  readonly field: string;
  readonly value: unknown;
  readonly reason: string;
  readonly nearest?: string | undefined;
}): ConfigError {
  return new ConfigError(nearest === undefined ? rest : { ...rest, nearest });
}

function objectSchema(
  fields: Fields,
  required: readonly string[],
  anyOf: readonly string[],
): JsonSchema {
  const properties = Object.entries(fields).map(([name, field]) => [name, field.schema] as const);
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    ...(required.length === 0 ? {} : { required }),
    ...(anyOf.length === 0 ? {} : { anyOf: anyOf.map((name) => ({ required: [name] })) }),
    additionalProperties: false,
  };
}

function unknownField({
  path,
  name,
  value,
  known,
}: {
  readonly path: string;
  readonly name: string;
  readonly value: unknown;
  readonly known: readonly string[];
}): ConfigError {
  const reason = `there is no such field; there are ${known.join(', ')}`;
  return fault({ field: `${path}.${name}`, value, reason, nearest: nearestOf(name, known) });
}

function nearestWhole(value: unknown, min: number, max: number): string | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || Number.isNaN(number)) return undefined;
  return String(Math.min(Math.max(Math.round(number), min), max));
}
