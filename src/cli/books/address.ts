import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { nearestOf } from '../../policy/nearest.ts';
import { redactedAddress } from '../frame/redact.ts';
import { usageError } from '../usage-error.ts';

/** Where a ledger is kept, as it was said on the command line or in `HARDCAP_LEDGER`. */
export type Address =
  | { readonly kind: 'sqlite'; readonly path: string; readonly shown: string }
  /** `shown` is the address without its secrets: the only form that may be printed. */
  | { readonly kind: 'redis' | 'postgres'; readonly url: string; readonly shown: string };

const SCHEMES: Readonly<Record<string, 'redis' | 'postgres'>> = {
  redis: 'redis',
  rediss: 'redis',
  postgres: 'postgres',
  postgresql: 'postgres',
};

const SCHEME = /^([a-z][a-z0-9+.-]+):/i;
const ADDRESS = /^[a-z][a-z0-9+.-]+:\/\//i;

/** As `HARDCAP_LEDGER` says the path of a file to `hardcap/register`. */
const FILE_SCHEME = 'sqlite:';

/** What a shell or an `.env` file leaves around an address that was quoted. */
const WRAPPED = /^[\s"'`]|[\s"'`]$/;

/**
 * Reads where a ledger is kept: an address, or the path of a file that exists, alone or after
 * `sqlite:`.
 *
 * Throws `COMMAND_INVALID` for a scheme that is none of these, for quotes and blanks around it, and
 * for a file that is not there: a wrong path must not begin a new ledger that knows of no spend. No
 * message repeats what could hold a password.
 */
export function readAddress(text: string, cwd: string): Address {
  if (WRAPPED.test(text)) {
    throw usageError(
      'The ledger is named with quotes or blanks around it, which would be part of its name',
      'Leave them out: HARDCAP_LEDGER=redis://<host>',
    );
  }
  if (text.startsWith(FILE_SCHEME)) return fileAt(text.slice(FILE_SCHEME.length), cwd);
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase();
  const kind = scheme !== undefined && Object.hasOwn(SCHEMES, scheme) ? SCHEMES[scheme] : undefined;
  if (!ADDRESS.test(text) || scheme === undefined) {
    if (kind === undefined) return fileAt(text, cwd);
    throw usageError(
      `The ledger is named with ${scheme}: and without the two slashes after it`,
      `Say ${scheme}://<host>`,
    );
  }
  if (kind !== undefined) return { kind, url: text, shown: redactedAddress(text) };
  const nearest = nearestOf(scheme, Object.keys(SCHEMES)) ?? 'redis';
  throw usageError(
    `The ledger ${redactedAddress(text)} has the scheme ${scheme}://, which no store has`,
    `Say ${nearest}://<host>, or the path of an SQLite file`,
  );
}

function fileAt(text: string, cwd: string): Address {
  const path = resolve(cwd, text);
  if (!existsSync(path)) {
    throw usageError(
      `There is no ledger at ${isPlainPath(text) ? path : 'the place that is named'}`,
      'Say the path of a file that a guard has opened, or redis://<host> or postgres://<host>/<db>',
    );
  }
  if (statSync(path).isDirectory()) {
    throw usageError(`${path} is a folder`, 'Say the path of the SQLite file of the ledger');
  }
  return { kind: 'sqlite', path, shown: path };
}

/** Whether it can be shown: a connection string that was mistyped has one of these marks. */
function isPlainPath(text: string): boolean {
  return !/[@=?]/.test(text) && !/[^/\\]:/.test(text.replace(/^[a-z]:/i, ''));
}
