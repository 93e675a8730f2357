import { identifyProcess } from '../../journal/identity.ts';
import { recoverHolders } from '../../journal/recovery.ts';
import type { LeaseStore } from '../../ledger/leases/lease-store.ts';
import { createOperations, type Operations } from '../../open/operations.ts';
import type { Account } from '../../ledger/account.ts';
import { createPostgresLeaseStore } from '../../stores/postgres/lease-store.ts';
import { createRedisLeaseStore } from '../../stores/redis/lease-store.ts';
import { createSqliteLeaseStore } from '../../stores/sqlite/lease-store.ts';
import type { BudgetGuardConfig } from '../../policy/config.ts';
import type { OptionValues, World } from '../command.ts';
import { usageError } from '../usage-error.ts';
import { ROWS_MAX, type AccountRow, type RowsAsked } from './account-row.ts';
import { accountsOf, capIdsOf } from './accounts.ts';
import { readAddress, type Address } from './address.ts';
import { openPostgres, openRedis, packagesOf } from './clients.ts';
import { configOf } from './config.ts';
import { postgresRows } from './postgres-rows.ts';
import { redisRows } from './redis-rows.ts';
import { sqliteRows } from './sqlite-rows.ts';

/** What stands before keys and names schemas unless `--namespace` says otherwise. */
const NAMESPACE_DEFAULT = 'hardcap';

/** Options of every command that opens a ledger; spread them into its own. */
export const BOOKS_OPTIONS = {
  ledger: {
    kind: 'text',
    value: 'place',
    summary:
      'The ledger: path of an SQLite file, redis://... or postgres://...; ' +
      'HARDCAP_LEDGER unless given',
  },
  namespace: {
    kind: 'text',
    value: 'name',
    summary: 'Prefix of the keys in Redis, or the schema in PostgreSQL',
    default: NAMESPACE_DEFAULT,
  },
  config: {
    kind: 'path',
    summary:
      'The configuration of the guard, for caps that were not drawn on yet; ' +
      'budget-guard.config.json unless given, where it exists',
  },
} as const;

/** A ledger that was opened to be looked at and operated on: nothing is leased from it. */
export interface Books {
  readonly store: LeaseStore;
  readonly operations: Operations;
  /** Where it is kept, without secrets. */
  readonly shown: string;
  readonly address: Address;
  readonly config: BudgetGuardConfig | undefined;
  /** What the store keeps of accounts. Throws `COMMAND_INVALID` when that is too much at once. */
  rows(asked: RowsAsked): Promise<readonly AccountRow[]>;
  /** The accounts that count now, of one scope value or all: those in store and configuration. */
  accounts(scope: string | undefined): Promise<readonly Account[]>;
  /** Ids of the caps in the configuration; empty without one. */
  configuredCaps(): readonly string[];
  /** `operations` that know these accounts: for balances, and for orders that name a cap. */
  knowing(accounts: readonly Account[]): Operations;
  end(): Promise<void>;
}

/**
 * Opens the ledger that the options or `HARDCAP_LEDGER` name, does `work`, and closes what it
 * opened, whatever comes of it. Opening recovers nobody and creates nothing.
 *
 * Rejects with `COMMAND_INVALID` when no ledger is named or there is none, `CONFIG_INVALID` when
 * its client is not installed, and `STORE_UNAVAILABLE`.
 */
export async function withBooks<T>(
  options: OptionValues<typeof BOOKS_OPTIONS>,
  world: World,
  work: (books: Books) => Promise<T>,
): Promise<T> {
  const books = await openBooks(options, world);
  try {
    return await work(books);
  } finally {
    await books.end();
  }
}

async function openBooks(
  { ledger, namespace, config: path }: OptionValues<typeof BOOKS_OPTIONS>,
  world: World,
): Promise<Books> {
  const named = ledger ?? world.env['HARDCAP_LEDGER'] ?? '';
  if (named === '') {
    throw usageError(
      'No ledger is named',
      'Say --ledger <file.db|redis://...|postgres://...>, or set HARDCAP_LEDGER',
    );
  }
  const address = readAddress(named, world.cwd);
  const config = configOf(path, world.cwd);
  const source = await sourceAt(address, namespace, world);
  const { store } = source;
  const rows = async (asked: RowsAsked): Promise<readonly AccountRow[]> => {
    const found = await source.rows(asked);
    if (found.length <= ROWS_MAX) return found;
    throw usageError(
      `The ledger has more than ${ROWS_MAX} accounts of that kind`,
      'Name one scope: <dimension>:<value>',
    );
  };
  const knowing = (accounts: readonly Account[]): Operations =>
    operationsOn(store, world, accounts);
  return {
    store,
    operations: knowing([]),
    shown: address.shown,
    address,
    config,
    rows,
    accounts: async (scope) =>
      accountsOf({ rows: await rows({ scope, leavesAfter: world.clock() }), config, scope }, world),
    configuredCaps: () => (config === undefined ? [] : capIdsOf(config)),
    knowing,
    end: () => source.end(),
  };
}

function operationsOn(
  store: LeaseStore,
  { clock }: World,
  accounts: readonly Account[],
): Operations {
  const identity = identifyProcess({ journal: null, openedAt: clock() });
  return createOperations({
    store,
    clock,
    newId: () => globalThis.crypto.randomUUID(),
    holder: undefined,
    openHolds: () => [],
    accounts: (scope) =>
      scope === undefined ? accounts : accounts.filter((account) => account.scope === scope),
    recoverHost: () => recoverHolders({ store, identity, clock }),
  });
}

/** A store, and how its accounts are listed. */
interface Source {
  readonly store: LeaseStore;
  rows(asked: RowsAsked): Promise<readonly AccountRow[]>;
  end(): Promise<void>;
}

async function sourceAt(address: Address, namespace: string, world: World): Promise<Source> {
  switch (address.kind) {
    case 'sqlite': {
      const store = createSqliteLeaseStore({ path: address.path });
      return {
        store,
        rows: async (asked) => sqliteRows(address.path, asked),
        end: async () => store.end(),
      };
    }
    case 'redis': {
      const { client, end } = await openRedis(address.url, packagesOf(world.cwd));
      const open = () => createRedisLeaseStore({ client, prefix: namespace, mustExist: true });
      const store = await orEnd(end, open);
      return { store, rows: (asked) => redisRows(client, namespace, asked), end };
    }
    case 'postgres': {
      const { client, end } = await openPostgres(address.url, packagesOf(world.cwd));
      const open = async () =>
        createPostgresLeaseStore({ client, schema: namespace, migrate: false });
      const store = await orEnd(end, open);
      return { store, rows: (asked) => postgresRows(client, namespace, asked), end };
    }
  }
}

async function orEnd<T>(end: () => Promise<void>, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    await end();
    throw error;
  }
}
