/** Parsed fields that nobody has checked yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether `value` is a JSON object (no array, no null). */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value's objects when it is a list, in order; everything else is left out. */
export function objectsIn(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** The text, or `undefined` for anything that is not text. */
export function textIn(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The whole number from 0 to 2^53 - 1, or `undefined` for anything else. */
export function countIn(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** The object as JSON text, a `bigint` as bare digits, which `JSON.stringify` cannot write. */
export function writeJson(value: JsonObject): string {
  let hasBigInt = false;
  const text = JSON.stringify(value, (_key, field: unknown) => {
    if (typeof field !== 'bigint') return field;
    hasBigInt = true;
    return `${BIGINT_MARK}${String(field)}`;
  });
  return hasBigInt ? text.replaceAll(BIGINT_TEXT, '$1') : text;
}

// Random, so that no text in a request can pass for a marked number.
const BIGINT_MARK = `bigint-${Math.random().toString(36).slice(2)}:`;
const BIGINT_TEXT = new RegExp(`"${BIGINT_MARK}(-?\\d+)"`, 'g');
