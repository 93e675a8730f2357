import { ConfigError } from '../../../errors/error.ts';
import type { Query } from './driver.ts';
import { failureOf, retried, sqlStateOf } from './failure.ts';
import { migrationSql, TOO_NEW, VERSION } from './migrations.ts';

/** The oldest server that the store runs on: PostgreSQL 13. */
export const SERVER_VERSION_MIN = 130_000;

/** What has to be so before a store grants anything. */
export interface ReadinessOptions {
  readonly schema: string;
  readonly migrate: boolean;
  readonly trustUnsafeSettings: boolean;
}

/**
 * Makes sure that the server keeps what it acknowledges and has this release's schema.
 *
 * Rejects with `CONFIG_INVALID` where somebody must act first, with `STORE_UNAVAILABLE` where the
 * server did not answer.
 */
export async function makeReady(query: Query, options: ReadinessOptions): Promise<void> {
  const server = await ask(query, SERVER_SQL);
  refuseServer(server, options);
  const kept = await versionOf(query, options.schema);
  if (kept === VERSION) return;
  if (kept > VERSION) throw tooNew(`has version ${kept}`);
  if (!options.migrate) throw notMigrated(options.schema, kept);
  try {
    // DDL of two first starts can still collide where the lock does not reach.
    await retried(() => query(migrationSql(options)));
  } catch (cause) {
    throw migrationFailure(cause, options.schema);
  }
}

const SERVER_SQL = `select json_build_object(
  'version', current_setting('server_version_num'),
  'fsync', current_setting('fsync'),
  'full_page_writes', current_setting('full_page_writes'),
  'server_encoding', current_setting('server_encoding'),
  'in_recovery', pg_is_in_recovery())::text as reply`;

function refuseServer(server: unknown, { trustUnsafeSettings }: ReadinessOptions): void {
  if (Number(setting(server, 'version')) < SERVER_VERSION_MIN) {
    const value = setting(server, 'version');
    throw refusal('server_version_num', value, 'PostgreSQL 13 or later is needed');
  }
  if (setting(server, 'in_recovery') !== false) {
    const reason = 'the server is a replica, which can grant nothing; connect to the primary';
    throw refusal('pg_is_in_recovery()', true, reason);
  }
  if (setting(server, 'server_encoding') !== 'UTF8') {
    const value = setting(server, 'server_encoding');
    throw refusal('server_encoding', value, 'scope values may be any text; create it with UTF8');
  }
  for (const name of ['fsync', 'full_page_writes']) {
    if (trustUnsafeSettings || setting(server, name) === 'on') continue;
    const reason =
      'the server may forget grants that it acknowledged; switch it on, or set ' +
      '`trustUnsafeSettings: true` where nothing real is spent';
    throw refusal(name, setting(server, name), reason);
  }
}

/** Version of the schema; 0 when there is none. */
async function versionOf(query: Query, schema: string): Promise<number> {
  try {
    return Number(await ask(query, `select "${schema}".version()::text as reply`));
  } catch (cause) {
    const state = sqlStateOf(cause);
    // No such schema, no such function.
    if (state === '3F000' || state === '42883') return 0;
    if (state === '42501') throw notAllowed(schema, cause);
    throw failureOf(cause);
  }
}

async function ask(query: Query, text: string): Promise<unknown> {
  const [row] = await query(text);
  const reply = setting(row, 'reply');
  if (typeof reply !== 'string') throw failureOf(new Error(`no reply to ${text}`));
  return JSON.parse(reply);
}

function setting(row: unknown, name: string): unknown {
  return typeof row === 'object' && row !== null ? Reflect.get(row, name) : undefined;
}

function refusal(field: string, value: unknown, reason: string): ConfigError {
  return new ConfigError({ field, value, reason });
}

function notMigrated(schema: string, kept: number): ConfigError {
  return new ConfigError({
    field: 'migrate',
    value: false,
    reason:
      `schema "${schema}" has version ${kept}, ${VERSION} is needed; run as its owner what ` +
      `migrationSql({ schema: '${schema}' }) says`,
  });
}

function tooNew(what: string, cause?: unknown): ConfigError {
  const reason = `the schema ${what}, this release knows up to ${VERSION}; update the package`;
  return new ConfigError({ field: 'schema', value: VERSION, reason }, { cause });
}

function notAllowed(schema: string, cause: unknown): ConfigError {
  const reason =
    `the role may not use it; as its owner: grant usage on schema "${schema}" to <role>; ` +
    `grant execute on all routines in schema "${schema}" to <role>`;
  return new ConfigError({ field: 'schema', value: schema, reason }, { cause });
}

function migrationFailure(cause: unknown, schema: string): Error {
  const original = cause instanceof Error ? cause.cause : undefined;
  const state = sqlStateOf(original);
  if (state === TOO_NEW) return tooNew('is of a later release', original);
  if (state === '42501') return notAllowed(schema, original);
  return failureOf(cause);
}
