import { MisuseError } from '../../errors/error.ts';

/** Shortest secret in bytes: that of the hash, as RFC 2104 section 3 asks for. */
export const SECRET_BYTES_MIN = 32;

/** Most keys at once; rotation needs two. */
export const GRANT_KEYS_MAX = 16;

/**
 * A secret that issuer and receiver share, under a name that stands in the token. Whoever can check
 * a grant with it can also make one.
 */
export interface GrantKey {
  /** 1 to 64 letters, digits, `.`, `_` and `-`. It is readable in every token. */
  readonly id: string;
  /** At least 32 bytes; text counts as UTF-8. Make it of random bytes. */
  readonly secret: string | Uint8Array;
}

/** A key that was checked, with its secret as bytes. */
export interface ReadGrantKey {
  readonly id: string;
  readonly secret: Uint8Array;
}

const KEY_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** The keys, checked: at least one, no two with one id. Throws `REQUEST_INVALID`. */
export function readGrantKeys(
  given: GrantKey | readonly GrantKey[],
): readonly [ReadGrantKey, ...ReadGrantKey[]] {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  const keys = list.map(readKey);
  const [first, ...others] = keys;
  if (first === undefined || keys.length > GRANT_KEYS_MAX) {
    throw invalid(`give 1 to ${GRANT_KEYS_MAX} keys; these are ${keys.length}`);
  }
  if (new Set(keys.map(({ id }) => id)).size < keys.length) throw invalid('two have one id');
  return [first, ...others];
}

function readKey(given: unknown): ReadGrantKey {
  if (typeof given !== 'object' || given === null) throw invalid('a key is { id, secret }');
  const { id, secret }: { readonly id?: unknown; readonly secret?: unknown } = given;
  if (typeof id !== 'string' || !KEY_ID.test(id)) {
    throw invalid('an id is 1 to 64 letters, digits, ".", "_" and "-"');
  }
  const bytes = typeof secret === 'string' ? new TextEncoder().encode(secret) : secret;
  if (!(bytes instanceof Uint8Array)) throw invalid(`the secret of ${id} is text or bytes`);
  if (bytes.length < SECRET_BYTES_MIN) {
    const has = `the secret of ${id} has ${bytes.length} bytes`;
    throw invalid(`${has}, and needs ${SECRET_BYTES_MIN} at least; make it of random bytes`);
  }
  // A copy: the caller's bytes may change, or be wiped, afterwards.
  return { id, secret: Uint8Array.from(bytes) };
}

function invalid(why: string): MisuseError {
  return new MisuseError('REQUEST_INVALID', `keys: ${why}. Nothing was issued or redeemed.`);
}
