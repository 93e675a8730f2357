import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ConfigError, OperationError } from '../../errors/error.ts';
import type { RedisClient } from '../../stores/redis/server/driver.ts';
import type { PostgresClient } from '../../stores/postgres/database/driver.ts';
import { redacted, redactedAddress } from '../frame/redact.ts';

/** A client that the program opened itself, and how it is closed. */
export interface OwnClient<C> {
  readonly client: C;
  readonly end: () => Promise<void>;
}

/** How long a server is waited for, until it counts as out of reach. */
export const CONNECT_MS_MAX = 5_000;

/** Where packages are looked for: the user's folder, then the place of this program. */
export interface PackagePlace {
  readonly from: readonly string[];
}

/** Where a program that was started in `cwd` finds packages: there, then beside itself. */
export function packagesOf(cwd: string): PackagePlace {
  return { from: [join(cwd, 'package.json'), import.meta.url] };
}

/**
 * A connected client of `ioredis` or, where that is not installed, of `redis`.
 *
 * Rejects with `CONFIG_INVALID` when neither is, with what to install, and with
 * `STORE_UNAVAILABLE` when the server does not answer.
 */
export async function openRedis(url: string, place: PackagePlace): Promise<OwnClient<RedisClient>> {
  const ioredis = load('ioredis', place);
  if (ioredis !== undefined) return await ioredisClient(url, ioredis);
  const redis = load('redis', place);
  if (redis !== undefined) return await nodeRedisClient(url, redis);
  throw notInstalled('Redis', ['ioredis', 'redis']);
}

/** A pool of `pg` or, without it, a tag function of `postgres`. Rejects as `openRedis` does. */
export async function openPostgres(
  url: string,
  place: PackagePlace,
): Promise<OwnClient<PostgresClient>> {
  const pg = load('pg', place);
  if (pg !== undefined) return pgPool(url, pg);
  const postgres = load('postgres', place);
  if (postgres !== undefined) return postgresTag(url, postgres);
  throw notInstalled('PostgreSQL', ['pg', 'postgres']);
}

interface IoredisInstance {
  call(command: string, args: string[]): PromiseLike<unknown>;
  connect(): Promise<void>;
  disconnect(): void;
  on(event: 'error', listener: (error: unknown) => void): unknown;
}

async function ioredisClient(url: string, module: unknown): Promise<OwnClient<RedisClient>> {
  const Redis = classIn<IoredisInstance, [string, object]>(module, 'Redis');
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: CONNECT_MS_MAX,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  const lastError = heard(client);
  await reached(url, lastError, () => client.connect());
  return { client, end: async () => client.disconnect() };
}

interface NodeRedisInstance {
  sendCommand(args: string[]): PromiseLike<unknown>;
  connect(): Promise<unknown>;
  close(): Promise<unknown>;
  on(event: 'error', listener: (error: unknown) => void): unknown;
}

async function nodeRedisClient(url: string, module: unknown): Promise<OwnClient<RedisClient>> {
  const createClient = functionIn<NodeRedisInstance, [object]>(module, 'createClient');
  const socket = { connectTimeout: CONNECT_MS_MAX, reconnectStrategy: false };
  const client = createClient({ url, socket });
  const lastError = heard(client);
  await reached(url, lastError, () => client.connect());
  return { client, end: async () => void (await client.close()) };
}

interface PgPoolInstance {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
  readonly totalCount: number;
  end(): Promise<void>;
  on(event: 'error', listener: (error: unknown) => void): unknown;
}

function pgPool(url: string, module: unknown): OwnClient<PostgresClient> {
  const Pool = classIn<PgPoolInstance, [object]>(module, 'Pool');
  const client = new Pool({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_MS_MAX,
    max: POSTGRES_CONNECTIONS,
    application_name: 'hardcap',
  });
  heard(client);
  return { client, end: () => client.end() };
}

const POSTGRES_CONNECTIONS = 2;

interface PostgresTag {
  unsafe(text: string, values?: never[]): PromiseLike<readonly unknown[]>;
  end(options: object): Promise<void>;
}

function postgresTag(url: string, module: unknown): OwnClient<PostgresClient> {
  const postgres = functionIn<PostgresTag, [string, object]>(module, 'default');
  const client = postgres(url, {
    max: POSTGRES_CONNECTIONS,
    connect_timeout: CONNECT_MS_MAX / 1_000,
    onnotice: () => undefined,
  });
  return { client, end: () => client.end({ timeout: 1 }) };
}

/** Clients tell of lost connections as events, too, and one that nobody hears ends the process. */
function heard(client: {
  on(event: 'error', listener: (error: unknown) => void): unknown;
}): () => unknown {
  let last: unknown;
  client.on('error', (error) => (last = error));
  return () => last;
}

async function reached(
  url: string,
  lastError: () => unknown,
  connect: () => Promise<unknown>,
): Promise<void> {
  try {
    await connect();
  } catch (error) {
    const cause = lastError() ?? error;
    const said = cause instanceof Error && cause.message !== '' ? ` (${cause.message})` : '';
    const where = redactedAddress(url);
    const message = `The store at ${where} cannot be reached${redacted(said)}. Is it up?`;
    throw new OperationError('STORE_UNAVAILABLE', message, { cause });
  }
}

/** The package, from the first place that has it; `undefined`: not installed. */
function load(name: string, { from }: PackagePlace): unknown {
  for (const path of from) {
    const require = createRequire(path);
    try {
      require.resolve(name);
    } catch {
      // Not installed there; whether it is anywhere is for the caller to say.
      continue;
    }
    return require(name);
  }
  return undefined;
}

function notInstalled(store: string, [first, second]: readonly [string, string]): ConfigError {
  return new ConfigError({
    field: 'ledger',
    value: store,
    reason: `a ledger in ${store} needs a client, and neither ${first} nor ${second} is installed`,
    nearest: `npm install ${first}`,
  });
}

type ClassOf<T, A extends readonly unknown[]> = new (...args: A) => T;
type FunctionOf<T, A extends readonly unknown[]> = (...args: A) => T;

function classIn<T, A extends readonly unknown[]>(module: unknown, name: string): ClassOf<T, A> {
  return memberOf(module, name) as ClassOf<T, A>;
}

function functionIn<T, A extends readonly unknown[]>(
  module: unknown,
  name: string,
): FunctionOf<T, A> {
  return memberOf(module, name) as FunctionOf<T, A>;
}

/** A member by its name, or the module itself where it is what the package is about. */
function memberOf(module: unknown, name: string): unknown {
  const isHolder = (typeof module === 'object' && module !== null) || typeof module === 'function';
  const member: unknown = isHolder ? Reflect.get(module, name) : undefined;
  const found = typeof member === 'function' ? member : module;
  if (typeof found === 'function') return found;
  const reason = 'is not what its package exports in the versions that are known';
  throw new ConfigError({ field: name, value: typeof found, reason });
}
