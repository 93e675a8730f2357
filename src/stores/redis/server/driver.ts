import { OperationError } from '../../../errors/error.ts';

/** What is used of a client of the package `ioredis`. */
export interface IoredisClient {
  call(command: string, args: string[]): PromiseLike<unknown>;
}

/** What is used of a client of the package `redis` (node-redis). */
export interface NodeRedisClient {
  sendCommand(args: string[]): PromiseLike<unknown>;
}

/**
 * A connected client that the user made and ends. One connection, not a pool: `WAIT` speaks of the
 * writes of its own connection.
 */
export type RedisClient = IoredisClient | NodeRedisClient;

/** Sends commands, and says no when no answer comes in time. */
export class Driver {
  readonly #client: RedisClient;
  readonly #timeoutMs: number;

  constructor(client: RedisClient, timeoutMs: number) {
    this.#client = client;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Sends all in one go and resolves to the answers in the same order. Rejects with
   * `STORE_UNAVAILABLE` when one of them fails or comes too late: what the others did is then
   * unknown.
   */
  async all(commands: readonly Command[], moreMs = 0): Promise<readonly unknown[]> {
    const ms = this.#timeoutMs + moreMs;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(unavailable(`no answer within ${ms} ms`)), ms);
    });
    const answers = commands.map(async (command) => await this.#send(command));
    try {
      const settled = await Promise.race([Promise.allSettled(answers), late]);
      return settled.map((one) => {
        if (one.status === 'fulfilled') return one.value;
        throw one.reason;
      });
    } catch (cause) {
      throw unavailable(cause);
    } finally {
      clearTimeout(timer);
    }
  }

  /** One command, like `all`. */
  async one(command: Command, moreMs = 0): Promise<unknown> {
    return (await this.all([command], moreMs))[0];
  }

  async #send([name, ...args]: Command): Promise<unknown> {
    const client = this.#client;
    return 'call' in client
      ? await client.call(name, args)
      : await client.sendCommand([name, ...args]);
  }
}

/** The name and then the arguments. */
export type Command = readonly [name: string, ...args: string[]];

/** The error for a store that cannot say what became of an order. */
export function unavailable(cause: unknown): OperationError {
  if (cause instanceof OperationError) return cause;
  const said = cause instanceof Error ? cause.message : String(cause);
  return new OperationError('STORE_UNAVAILABLE', `Redis: ${said}`, { cause });
}

/** Whether the server said that it does not know a script. */
export function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.includes('NOSCRIPT');
}

/** A list of texts, as scripts answer; what is no text is an empty one. */
export function texts(answer: unknown): readonly string[] {
  if (!Array.isArray(answer)) return [];
  return answer.map((one: unknown) => {
    return typeof one === 'string' || typeof one === 'number' ? String(one) : '';
  });
}
