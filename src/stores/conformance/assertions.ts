/** What a failed case throws. Test runners print its message. */
export class ConformanceError extends Error {
  override readonly name = 'ConformanceError';
}

/** Fails unless `condition` holds; `statement` says what must hold, in positive form. */
export function assertThat(condition: boolean, statement: string): asserts condition {
  if (!condition) throw new ConformanceError(`Must hold: ${statement}.`);
}

/**
 * Fails unless both are equal as plain JSON-like values; fields that are `undefined` count as
 * absent.
 */
export function assertEqual(actual: unknown, expected: unknown, what: string): void {
  const [found, wanted] = [canonical(actual), canonical(expected)];
  if (found !== wanted) {
    throw new ConformanceError(`${what}:\n  expected ${wanted}\n  found    ${found}`);
  }
}

/** The reply, known to be of this kind; else fails and shows what it was. */
export function assertKind<R extends { readonly kind: string }, K extends R['kind']>(
  reply: R,
  kind: K,
  what: string,
): Extract<R, { readonly kind: K }> {
  assertEqual(reply.kind, kind, `${what}, which answered ${canonical(reply)}`);
  return reply as Extract<R, { readonly kind: K }>;
}

/** JSON with sorted field names. */
function canonical(value: unknown): string {
  const text = JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner === 'bigint' || Number.isNaN(inner)) return String(inner);
    if (inner instanceof Error) return String(inner);
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
  return text ?? 'undefined';
}
