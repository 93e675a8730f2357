import { fault, list, object, whole, type Field, type JsonSchema } from '../../policy/fields.ts';
import { REQUEST_TOKENS_MAX } from '../../units/count.ts';
import type { Random } from './random.ts';

/** Whole numbers that are drawn: how long prompts and answers are, how long calls take. */
export type Distribution =
  | { readonly kind: 'fixed'; readonly value: number }
  /** Log-normal: half are under the median; `sigma` is the deviation of the logarithm. */
  | { readonly kind: 'lognormal'; readonly median: number; readonly sigma: number }
  /** Every number from `min` to `max` as often as any other. */
  | { readonly kind: 'even'; readonly min: number; readonly max: number }
  /** One of those that were seen. */
  | { readonly kind: 'values'; readonly values: readonly number[] };

/** One number of it. */
export function draw(distribution: Distribution, random: Random): number {
  switch (distribution.kind) {
    case 'fixed':
      return distribution.value;
    case 'lognormal': {
      const { median, sigma } = distribution;
      return Math.min(REQUEST_TOKENS_MAX, Math.round(median * Math.exp(sigma * random.normal())));
    }
    case 'even': {
      const { min, max } = distribution;
      return min + random.below(max - min + 1);
    }
    case 'values':
      return distribution.values[random.below(distribution.values.length)] ?? 0;
  }
}

/** The same for people: `about 200 (log-normal, sigma 0.6)`. */
export function describeDistribution(distribution: Distribution): string {
  switch (distribution.kind) {
    case 'fixed':
      return String(distribution.value);
    case 'lognormal':
      return `about ${distribution.median} (log-normal, sigma ${distribution.sigma})`;
    case 'even':
      return `${distribution.min} to ${distribution.max}`;
    case 'values':
      return `as ${distribution.values.length} that were seen`;
  }
}

const count = whole({ min: 0, max: REQUEST_TOKENS_MAX });
/** A deviation that leaves room for everything real; beyond, one draw would be the whole bill. */
const SIGMA_MAX = 3;

/** A number from above `min` up to `max`. */
export function numberField({ min, max }: { readonly min: number; readonly max: number }) {
  const field: Field<number> = {
    schema: { type: 'number', minimum: min, maximum: max },
    read(value, path) {
      if (typeof value === 'number' && value >= min && value <= max) return value;
      throw fault({ field: path, value, reason: `must be a number from ${min} to ${max}` });
    },
  };
  return field;
}

const lognormal = object(
  {
    median: whole({ min: 1, max: REQUEST_TOKENS_MAX }),
    sigma: numberField({ min: 0, max: SIGMA_MAX }),
  },
  { required: ['median', 'sigma'] },
);
const even = object({ min: count, max: count }, { required: ['min', 'max'] });
const seen = object({ values: list(count) }, { required: ['values'] });

/** `500`, `{ median, sigma }`, `{ min, max }` or `{ values }`. */
export const distributionField: Field<Distribution> = {
  schema: {
    anyOf: [count, lognormal, even, seen].map(({ schema }: { schema: JsonSchema }) => schema),
  },
  read(value, path) {
    if (typeof value === 'number') return { kind: 'fixed', value: count.read(value, path) };
    const members = typeof value === 'object' && value !== null ? Object.keys(value) : [];
    if (members.includes('median')) return { kind: 'lognormal', ...lognormal.read(value, path) };
    if (members.includes('values')) return readSeen(value, path);
    if (members.includes('min')) return readEven(value, path);
    const reason = 'must be a number, { median, sigma }, { min, max } or { values }';
    throw fault({ field: path, value, reason, nearest: '{ "median": 300, "sigma": 0.6 }' });
  },
};

function readEven(value: unknown, path: string): Distribution {
  const { min, max } = even.read(value, path);
  if (min <= max) return { kind: 'even', min, max };
  throw fault({ field: `${path}.max`, value: max, reason: 'must not be below `min`' });
}

function readSeen(value: unknown, path: string): Distribution {
  const { values } = seen.read(value, path);
  if (values.length > 0) return { kind: 'values', values };
  throw fault({ field: `${path}.values`, value, reason: 'must have at least one number' });
}
