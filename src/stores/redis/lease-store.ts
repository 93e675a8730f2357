import { ConfigError, OperationError } from '../../errors/error.ts';
import type { Account } from '../../ledger/account.ts';
import type { LeaseStore, StoreBalance } from '../../ledger/leases/lease-store.ts';
import type {
  CloseOrder,
  CloseReply,
  ExchangeReply,
  HolderIdentity,
  HolderMessage,
  HolderState,
} from '../../ledger/leases/message.ts';
import type {
  DoubtState,
  JournalEntry,
  Operation,
  OperationReply,
} from '../../ledger/leases/operation.ts';
import type { Clock } from '../../units/time.ts';
import { readBalances } from './server/balances.ts';
import { closeHolder } from './server/closing.ts';
import { Driver, type RedisClient } from './server/driver.ts';
import { Exchanges } from './server/exchange.ts';
import { Holders } from './server/holders.ts';
import { StoreJournal } from './server/journal.ts';
import { Keys, PREFIX_DEFAULT, PREFIX_FORM } from './server/keys.ts';
import { operateOn } from './server/operating.ts';
import { checkServer } from './server/server-check.ts';
import { RETENTION_MS_DEFAULT, Server } from './server/server.ts';

/** What a Redis lease store can be told. */
export interface RedisLeaseStoreOptions {
  /** A connected client of `ioredis` or `redis`: one connection, not a pool. */
  readonly client: RedisClient;
  /** Stands before every key. Stores with one prefix are one store. `hardcap` unless given. */
  readonly prefix?: string;
  /** How many replicas must have a grant before it is told. None unless given. */
  readonly waitReplicas?: number;
  /** A grant is told when it is on the disk of the server, and of `waitReplicas` replicas. */
  readonly waitAof?: boolean;
  /** How long they are waited for; 1,000 ms unless given. */
  readonly waitTimeoutMs?: number;
  /** How long any answer is waited for; 2,000 ms unless given. */
  readonly timeoutMs?: number;
  /**
   * After a restart of the server, how long holders that it does not know any more may still
   * declare what they hold before anything is granted; 2,000 ms unless given.
   */
  readonly declareWaitMs?: number;
  /**
   * How long what was spent in a window is remembered after its end, at least 48 hours, which is
   * what it is unless given. Holders whose clocks are further behind are refused. Fixed by the
   * first store that is opened with the prefix.
   */
  readonly retentionMs?: number;
  /** Nobody may begin an empty store by mistake: the data must be there. False unless given. */
  readonly mustExist?: boolean;
  /** The server does not say whether it evicts keys, and you know that it does not. */
  readonly trustEviction?: boolean;
  /** The clock by which raises end; the server's own unless given. */
  readonly clock?: Clock;
}

/**
 * A lease store in Redis 7 or Valkey, for processes on many hosts. What a fail-over can lose at
 * which settings stands in `docs/ledgers/redis.md`.
 *
 * Rejects with `CONFIG_INVALID` for a server that may forget (an eviction policy, a version before
 * 7.0), and with `STORE_UNAVAILABLE` when it does not answer.
 */
export async function createRedisLeaseStore(
  options: RedisLeaseStoreOptions,
): Promise<RedisLeaseStore> {
  const { client, prefix = PREFIX_DEFAULT, clock, mustExist = false } = options;
  if (!PREFIX_FORM.test(prefix)) {
    const reason = 'it must be 1 to 100 of the characters A-Z, a-z, 0-9, _, ., : and -';
    throw new ConfigError({ field: 'prefix', value: prefix, reason });
  }
  const { retentionMs } = options;
  if (retentionMs !== undefined && !(retentionMs >= RETENTION_MS_DEFAULT)) {
    const reason = 'it must be at least 48 hours';
    throw new ConfigError({ field: 'retentionMs', value: retentionMs, reason });
  }
  const durability = {
    waitReplicas: wholeOf('waitReplicas', options.waitReplicas, 0),
    waitAof: options.waitAof ?? false,
    waitTimeoutMs: wholeOf('waitTimeoutMs', options.waitTimeoutMs, 1_000),
  };
  const driver = new Driver(client, wholeOf('timeoutMs', options.timeoutMs, 2_000));
  const declareWaitMs = wholeOf('declareWaitMs', options.declareWaitMs, 2_000);
  await checkServer(driver, {
    trustEviction: options.trustEviction ?? false,
    waitAof: durability.waitAof,
  });
  const server = new Server(driver, new Keys(prefix), {
    clock,
    declareWaitMs,
    mustExist,
    retentionMs: options.retentionMs,
  });
  await server.connect();
  const holders = new Holders(server);
  const exchanges = new Exchanges(server, holders, durability);
  return new RedisLeaseStore({ server, holders, exchanges, journal: new StoreJournal(server) });
}

/** What the store is made of. */
interface Parts {
  readonly server: Server;
  readonly holders: Holders;
  readonly exchanges: Exchanges;
  readonly journal: StoreJournal;
}

/** See `createRedisLeaseStore`. */
export class RedisLeaseStore implements LeaseStore {
  readonly isSynchronous = false;
  readonly #parts: Parts;
  #isEnded = false;

  /** Made by `createRedisLeaseStore`. */
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async open(identity: HolderIdentity): Promise<void> {
    await this.#open().holders.open(identity);
  }

  async exchange(message: HolderMessage): Promise<ExchangeReply> {
    return await this.#open().exchanges.exchange(message);
  }

  async close(order: CloseOrder): Promise<CloseReply> {
    const { server, journal } = this.#open();
    return await closeHolder(server, journal, order);
  }

  async holders(): Promise<readonly HolderState[]> {
    return await this.#open().holders.list();
  }

  async balances(accounts: readonly Account[]): Promise<readonly StoreBalance[]> {
    return await readBalances(this.#open().server, accounts);
  }

  async operate(operation: Operation): Promise<OperationReply> {
    const { server, journal } = this.#open();
    return await operateOn(server, journal, operation);
  }

  async doubts(): Promise<readonly DoubtState[]> {
    return await this.#open().journal.doubts();
  }

  async journal(after = 0): Promise<readonly JournalEntry[]> {
    return await this.#open().journal.entries(after);
  }

  async end(): Promise<void> {
    this.#isEnded = true;
    await Promise.resolve();
  }

  /**
   * After `lost`: an operator accepts that what was lost is lost, and lets the store begin with
   * what is there. Spending from before that is not there is not counted any more; every process
   * that held slices must be restarted first. Does nothing where nothing is lost.
   */
  async reinitialise({ who, reason }: Reinitialisation): Promise<void> {
    const { server, journal } = this.#open();
    const wasLost = server.lost;
    await server.reinitialise();
    if (wasLost === undefined) return;
    const epoch = server.epoch;
    const body = JSON.stringify({ kind: 'reinitialise', who, reason, lost: wasLost, epoch });
    const field = `r:${epoch}`;
    await journal.append({ field, text: '', body, resolves: null, doubts: [] });
  }

  #open(): Parts {
    if (!this.#isEnded) return this.#parts;
    throw new OperationError('STORE_UNAVAILABLE', 'Redis: this store was ended');
  }
}

/** Who lets a store begin anew, and why. */
export interface Reinitialisation {
  readonly who: string;
  readonly reason: string;
}

const WHOLE_MAX = 2 ** 31 - 1;

function wholeOf(field: string, value: number | undefined, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (Number.isInteger(value) && value >= 0 && value <= WHOLE_MAX) return value;
  const reason = `it must be an integer from 0 to ${WHOLE_MAX}`;
  throw new ConfigError({ field, value, reason });
}
