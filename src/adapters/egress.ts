/** What became of a request, as far as its bill goes, when there is no answer to meter. */
export type Failure =
  /** Proof that no byte of it reached the provider. */
  | { readonly kind: 'unsent'; readonly reason: string }
  /** It may have been served and billed. */
  | { readonly kind: 'unknown'; readonly reason: string };

/**
 * Error codes that come before the first byte is written: name look-up, connecting, TLS handshake.
 * Node's system errors and undici's own; anything else may have happened after the request left.
 */
const UNSENT_CODES: ReadonlySet<string> = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'ERR_INVALID_URL',
  // These prove it only where connecting failed: on an open connection they can come later.
  'connect ECONNREFUSED',
  'connect EHOSTUNREACH',
  'connect ENETUNREACH',
  'connect EADDRNOTAVAIL',
]);

/** How deep `cause` and `errors` are followed. */
const DEPTH_MAX = 4;

/** Reads a rejection of `fetch`: released only on proof, unknown otherwise. */
export function failureOf(error: unknown): Failure {
  const codes = codesOf(error, DEPTH_MAX);
  const reason = codes.length > 0 ? codes.join(', ') : describe(error);
  // A happy-eyeballs attempt carries one error per address: all of them must prove it.
  const isProven = codes.length > 0 && codes.every((code) => UNSENT_CODES.has(code));
  return { kind: isProven ? 'unsent' : 'unknown', reason };
}

/** The codes of the innermost errors, one for each branch of an `AggregateError`. */
function codesOf(error: unknown, depth: number): readonly string[] {
  if (typeof error !== 'object' || error === null || depth === 0) return [];
  const { code, cause, errors } = error as { code?: unknown; cause?: unknown; errors?: unknown };
  if (Array.isArray(errors) && errors.length > 0) {
    return errors.flatMap((inner) => {
      const inside = codesOf(inner, depth - 1);
      return inside.length > 0 ? inside : ['UNCODED'];
    });
  }
  const inner = codesOf(cause, depth - 1);
  if (inner.length > 0) return inner;
  if (typeof code !== 'string') return [];
  const { syscall } = error as { syscall?: unknown };
  return [syscall === 'connect' ? `connect ${code}` : code];
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
