import { calls, tokens, type Calls, type Tokens } from '../units/count.ts';
import { durationMs, type DurationMs } from '../units/time.ts';
import { fault, whole, type Field } from './fields.ts';

/** The longest delay a timer can take: past it, it would fire at once. */
const TIMER_MS_MAX = 2_147_483_647;

/** A whole number of tokens. */
export const tokensField: Field<Tokens> = branded(whole({ min: 0 }), tokens);

/** A whole number of attempts. */
export const callsField: Field<Calls> = branded(whole({ min: 0 }), calls);

/** Milliseconds that a timer can take. */
export const durationField: Field<DurationMs> = branded(
  whole({ min: 1, max: TIMER_MS_MAX }),
  durationMs,
);

/** How finely the part of a cap that is kept for wrapping up can be said. */
export const PARTS_PER_WHOLE = 1_000_000;

/** A fraction between 0 and 1, no finer than a millionth, as parts of a million. */
export const partField: Field<number> = {
  schema: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 },
  read(value, path) {
    const parts = typeof value === 'number' ? Math.round(value * PARTS_PER_WHOLE) : 0;
    const isExact = parts > 0 && parts < PARTS_PER_WHOLE && parts / PARTS_PER_WHOLE === value;
    if (isExact) return parts;
    const isPercent = typeof value === 'number' && value >= 1 && value < 100;
    const nearest = isPercent ? String(value / 100) : '0.1';
    const reason = 'must be a fraction above 0 and below 1, no finer than a millionth';
    throw fault({ field: path, value, reason, nearest });
  },
};

function branded<T>(field: Field<number>, brand: (value: unknown) => T | undefined): Field<T> {
  return {
    schema: field.schema,
    read(value, path) {
      const read = brand(field.read(value, path));
      if (read !== undefined) return read;
      throw fault({ field: path, value, reason: 'is out of range' });
    },
  };
}
