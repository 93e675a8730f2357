import type { HolderIdentity, HolderState } from '../../../ledger/leases/message.ts';
import { epochMs } from '../../../units/time.ts';
import { texts, unavailable, type Command } from './driver.ts';
import type { ScriptCall } from './scripts.ts';
import type { Server } from './server.ts';

/** Holders that one store remembers to have registered; beyond that the oldest is forgotten. */
const IDENTITIES_MAX = 10_000;

/** The registry of holders. */
export class Holders {
  readonly #server: Server;
  /** Whom this process registered, and in which epoch. */
  readonly #own = new Map<string, { readonly identity: HolderIdentity; readonly epoch: number }>();

  constructor(server: Server) {
    this.#server = server;
  }

  /** Registers a holder; the order first, so that nobody can speak who is not in it. */
  async open(identity: HolderIdentity): Promise<void> {
    await this.#register(identity, this.#server.epoch);
    this.#remember(identity);
  }

  /**
   * Registers a holder again whose registration the server lost with its tail; it is then asked to
   * declare. False when this process did not register it, or nothing was lost since.
   */
  async restore(holder: string): Promise<boolean> {
    const own = this.#own.get(holder);
    if (own === undefined || own.epoch >= this.#server.epoch) return false;
    await this.#register(own.identity, 0);
    this.#remember(own.identity);
    return true;
  }

  /** It was closed: nothing may bring it back. */
  forget(holder: string): void {
    this.#own.delete(holder);
  }

  /** All that are open or whose close broke off, oldest first. */
  async list(): Promise<readonly HolderState[]> {
    const names = await this.#names();
    const fields = ['identity', 'state', 'seq', 'seen'] as const;
    const records = await this.#records(names, fields);
    return records.flatMap(([identity = '', state, seq, seen]): readonly HolderState[] => {
      if (state !== 'open' && state !== 'closing') return [];
      return [stateOf(JSON.parse(identity), { seq: Number(seq), seen: Number(seen) })];
    });
  }

  /** Whether every open holder has declared what it holds in the present epoch. */
  async haveDeclared(): Promise<boolean> {
    const records = await this.#records(await this.#names(), ['state', 'declared'] as const);
    return records.every(([state, declared]) => {
      const isOver = state !== 'open' && state !== 'closing';
      return isOver || Number(declared) >= this.#server.epoch;
    });
  }

  async #names(): Promise<readonly string[]> {
    const order: Command = ['ZRANGE', this.#server.keys.order, '0', '-1'];
    const [names] = await this.#server.reads([() => order]);
    return texts(names);
  }

  async #records(
    names: readonly string[],
    fields: readonly string[],
  ): Promise<readonly (readonly string[])[]> {
    const commands = names.map((name): Command => {
      return ['HMGET', this.#server.keys.holder(name)[0], ...fields];
    });
    const records = await this.#server.reads(commands.map((command) => () => command));
    return records.map(texts);
  }

  async #register(identity: HolderIdentity, declared: number): Promise<void> {
    const { keys } = this.#server;
    const { holder } = identity;
    const enlist: ScriptCall = { script: 'enlist', keys: [keys.order], said: { holder } };
    await this.#server.asks([enlist]);
    const said = { identity: JSON.stringify(identity), declared };
    const [record] = keys.holder(holder);
    await this.#server.asks([{ script: 'open', keys: [record], said }]);
  }

  #remember(identity: HolderIdentity): void {
    this.#own.delete(identity.holder);
    this.#own.set(identity.holder, { identity, epoch: this.#server.epoch });
    const [oldest] = this.#own.keys();
    if (this.#own.size > IDENTITIES_MAX && oldest !== undefined) this.#own.delete(oldest);
  }
}

function stateOf(
  identity: HolderIdentity,
  { seq, seen }: { readonly seq: number; readonly seen: number },
): HolderState {
  const lastSeenAt = epochMs(seen);
  if (lastSeenAt === undefined) throw unavailable(`the record of ${identity.holder} is damaged`);
  return { ...identity, isOpen: true, seq, lastSeenAt };
}
