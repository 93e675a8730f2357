/** Real databases for tests: each its own, on this machine only, gone with the test. */

import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import {
  answers,
  inPath,
  privateDir,
  removeAtExit,
  startPrivately,
  type Place,
  type PrivateServer,
} from './private-server.ts';

/** How a Redis server is to keep its data. */
export interface RedisOptions {
  /** When the append-only file is synced; `no`: nothing is kept on disk. `always` unless given. */
  readonly appendonly?: 'always' | 'everysec' | 'no';
  /** Further settings, as on the command line: `['--maxmemory', '10mb']`. */
  readonly settings?: readonly string[];
}

/** How a PostgreSQL server is to run. */
export interface PostgresOptions {
  /** `false`: faster, and nothing survives the machine. `true` unless given. */
  readonly fsync?: boolean;
  /** Further settings: `{ synchronous_commit: 'off' }`. */
  readonly settings?: Readonly<Record<string, string | number>>;
}

/** Starts an empty Redis server. */
export async function startRedis(options: RedisOptions = {}): Promise<PrivateServer> {
  const { appendonly = 'always', settings = [] } = options;
  const file = mustHave(missingRedis(), redisServer());
  const kept =
    appendonly === 'no'
      ? ['--appendonly', 'no']
      : ['--appendonly', 'yes', '--appendfsync', appendonly];
  return await startPrivately(
    {
      name: 'redis-server',
      command: ({ dir, port }) => {
        const place = ['--bind', '127.0.0.1', '--port', String(port), '--dir', dir, '--save', ''];
        return [file, ...place, ...kept, ...settings];
      },
      url: (port) => `redis://127.0.0.1:${port}`,
      // While it reads its append-only file it answers -LOADING.
      isReady: async (port) => await answers(port, '*1\r\n$4\r\nPING\r\n', '+PONG'),
      stopSignal: 'SIGTERM',
    },
    privateDir('redis'),
  );
}

/** Starts a PostgreSQL server with one empty database and the superuser `postgres`. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PrivateServer> {
  const { fsync = true, settings = {} } = options;
  const bin = mustHave(missingPostgres(), postgresBin());
  const dir = privateDir('postgres');
  cpSync(template(bin), join(dir, 'data'), { recursive: true });
  giveToPostgres(dir);
  const all = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: fsync ? 'on' : 'off',
    shared_buffers: '32MB',
    max_connections: 60,
    ...settings,
  };
  return await startPrivately(
    {
      name: 'postgres',
      command: ({ port }: Place) => {
        const place = ['-D', join(dir, 'data'), '-p', String(port)];
        const set = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
        return [...asPostgres(join(bin, 'postgres')), ...place, ...set];
      },
      url: postgresUrl,
      isReady: isPostgresReady,
      stopSignal: 'SIGQUIT',
    },
    dir,
  );
}

/** Why no Redis server can be started here; `undefined` when one can. */
export function missingRedis(): string | undefined {
  return redisServer() === undefined
    ? 'redis-server is not installed: apt-get install redis-server'
    : undefined;
}

/** Why no PostgreSQL server can be started here; `undefined` when one can. */
export function missingPostgres(): string | undefined {
  if (postgresBin() === undefined) {
    return 'the PostgreSQL server is not installed: apt-get install postgresql';
  }
  if (isRoot() && (inPath('setpriv') === undefined || postgresIds() === undefined)) {
    return 'root cannot run PostgreSQL: it needs the program setpriv and the user postgres';
  }
  return undefined;
}

function mustHave(missing: string | undefined, found: string | undefined): string {
  if (missing !== undefined || found === undefined) throw new Error(missing ?? 'not found');
  return found;
}

function redisServer(): string | undefined {
  return inPath('redis-server') ?? inPath('valkey-server');
}

const DEBIAN_POSTGRES = '/usr/lib/postgresql';

/** The folder with `postgres` and `initdb`: Debian keeps it out of `PATH`, by version. */
function postgresBin(): string | undefined {
  const versions = existsSync(DEBIAN_POSTGRES) ? readdirSync(DEBIAN_POSTGRES) : [];
  const newestFirst = versions.toSorted((left, right) => Number(right) - Number(left));
  const bins = newestFirst.map((version) => join(DEBIAN_POSTGRES, version, 'bin'));
  const found = bins.find((bin) => existsSync(join(bin, 'postgres')));
  return found ?? inPath('postgres')?.replace(/\/postgres$/, '');
}

let templateDir: string | undefined;

/** An empty cluster, made once by this process and copied for each server. */
function template(bin: string): string {
  if (templateDir !== undefined) return templateDir;
  const dir = privateDir('postgres-template');
  removeAtExit(dir);
  giveToPostgres(dir);
  const made = join(dir, 'data');
  const args = ['-D', made, '-U', 'postgres', '-A', 'trust', '--no-sync', '--locale=C'];
  const [file = '', ...before] = asPostgres(join(bin, 'initdb'));
  execFileSync(file, [...before, ...args, '-E', 'UTF8'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    cwd: dir,
  });
  templateDir = made;
  return made;
}

function postgresUrl(port: number): string {
  return `postgres://postgres@127.0.0.1:${port}/postgres`;
}

async function isPostgresReady(port: number): Promise<boolean> {
  const client = new pg.Client({
    connectionString: postgresUrl(port),
    connectionTimeoutMillis: 1_000,
  });
  client.on('error', () => {
    // The server may end while it is being asked; the answer below says so.
  });
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** PostgreSQL refuses to run as root. */
function asPostgres(program: string): readonly string[] {
  if (!isRoot()) return [program];
  return ['setpriv', '--reuid', 'postgres', '--regid', 'postgres', '--clear-groups', program];
}

function giveToPostgres(dir: string): void {
  if (isRoot()) execFileSync('chown', ['-R', 'postgres:postgres', dir]);
  else chmodSync(dir, 0o700);
}

function postgresIds(): string | undefined {
  try {
    return execFileSync('id', ['postgres'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } catch {
    return undefined;
  }
}

export type { PrivateServer } from './private-server.ts';
