import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { nearestOf } from '../../policy/nearest.ts';
import { redacted } from '../frame/redact.ts';
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

const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;

/**
 * Reads where a ledger is kept: an address, or the path of a file that exists.
 *
 * Throws `COMMAND_INVALID` for a scheme that is none of these, and for a file that is not there: a
 * wrong path must not begin a new ledger that knows of no spend.
 */
export function readAddress(text: string, cwd: string): Address {
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return fileAt(text, cwd);
  const shown = redacted(text);
  const kind = Object.hasOwn(SCHEMES, scheme) ? SCHEMES[scheme] : undefined;
  if (kind !== undefined) return { kind, url: text, shown };
  const nearest = nearestOf(scheme, Object.keys(SCHEMES)) ?? 'redis';
  throw usageError(
    `The ledger ${shown} has the scheme ${scheme}://, which no store has`,
    `Say ${nearest}://<host>, or the path of an SQLite file`,
  );
}

function fileAt(text: string, cwd: string): Address {
  const path = resolve(cwd, text);
  if (!existsSync(path)) {
    throw usageError(
      `There is no ledger at ${path}`,
      'Say the path of a file that a guard has opened, or redis://<host> or postgres://<host>/<db>',
    );
  }
  if (statSync(path).isDirectory()) {
    throw usageError(`${path} is a folder`, 'Say the path of the SQLite file of the ledger');
  }
  return { kind: 'sqlite', path, shown: path };
}
