import { IntegrityError } from '../../../errors/error.ts';
import type { ExchangeReply, HolderMessage, SliceState } from '../../../ledger/leases/message.ts';
import { NO_SUMS, isNothing, isWithin, type Sums } from '../../../ledger/leases/sums.ts';
import { texts, unavailable, type Command } from './driver.ts';
import type { Holders } from './holders.ts';
import { keyOf, lastLeavesOf, splitItems, stateFrom, type FamilyItems } from './items.ts';
import { applying, registering, scopesFrom, type Scopes } from './registering.ts';
import type { ScriptCall } from './scripts.ts';
import type { Server, Told } from './server.ts';

/** How many replicas, and whose disk, must have a grant before it is told. */
export interface Durability {
  readonly waitReplicas: number;
  readonly waitAof: boolean;
  readonly waitTimeoutMs: number;
}

const TRIES_MAX = 6;

/** Holders whose last message is remembered, and slices of each. */
const HEARD_MAX = 1_000;
const SLICES_MAX = 100_000;

/** What this process has told one holder; only spares questions, never an answer. */
interface Heard {
  /** In which epoch; in another one it may have to declare first. */
  readonly epoch: number;
  seq: number;
  readonly granted: Map<string, Sums>;
}

/** What was found out before the items are applied. */
interface Entry {
  /** A later message came already: it is answered, and changes nothing. */
  readonly isOld: boolean;
  readonly isDeclaring: boolean;
  readonly isRegistered: boolean;
  readonly scopes: Scopes;
}

const KNOWN_ENTRY: Entry = {
  isOld: false,
  isDeclaring: false,
  isRegistered: false,
  scopes: new Map(),
};

/**
 * Messages of holders.
 *
 * One round trip for a message about slices that the holder was told of here: its record, one
 * script for each family, and the record of the epoch. Otherwise a trip before that registers what
 * the message may open, so that a close finds it, and asks every family whether it knows what the
 * holder knows, so that nothing of the message is applied when one of them does not.
 */
export class Exchanges {
  readonly #server: Server;
  readonly #holders: Holders;
  readonly #durability: Durability;
  readonly #heard = new Map<string, Heard>();

  constructor(server: Server, holders: Holders, durability: Durability) {
    this.#server = server;
    this.#holders = holders;
    this.#durability = durability;
  }

  /** See `LeaseStore`. */
  async exchange(message: HolderMessage): Promise<ExchangeReply> {
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const { lost } = this.#server;
      if (lost !== undefined) return { kind: 'lost', reason: lost };
      if (!this.#server.canGrant && (await this.#isWaiting(message))) {
        return { kind: 'redeclare', reason: 'not all holders have declared what they hold' };
      }
      const reply = await this.#attempt(message);
      if (reply !== undefined) return reply;
    }
    throw unavailable(`message ${message.seq} of ${message.holder}: the server keeps changing`);
  }

  /** `undefined` when something has changed meanwhile, and all is to be asked again. */
  async #attempt(message: HolderMessage): Promise<ExchangeReply | undefined> {
    const { epoch } = this.#server;
    const families = splitItems(message.items);
    const entry = this.#isHeard(message) ? KNOWN_ENTRY : await this.#enter(message, families);
    if (entry === undefined || 'kind' in entry) return entry;
    // The commands are made in one step: all are for the incarnation that the entry was asked of.
    if (this.#server.epoch !== epoch) return undefined;
    const isAsking = message.items.some(({ need }) => !isNothing(need));
    const wait = isAsking ? this.#waitCommand() : undefined;
    const said = { mode: entry.isOld ? 'dry' : 'apply', entry };
    const answers = await this.#server.mixed(
      [
        this.#server.command(this.#begin(message, [], true)),
        ...families.map((of) => this.#server.command(this.#apply(message, of, said))),
        ...(wait === undefined ? [] : [wait]),
        this.#server.probe(),
      ],
      wait === undefined ? 0 : this.#durability.waitTimeoutMs,
    );
    if (answers === 'stale' || !this.#server.isSame(texts(answers.at(-1)))) {
      // What was granted meanwhile is told to nobody; the same message finds it again.
      await this.#server.resolve();
      return undefined;
    }
    const refused = await this.#refusedBy(message, texts(answers[0]));
    if (refused !== 'none') return refused;
    const slices = this.#slicesFrom(message, families, answers.slice(1).map(texts));
    if (slices === undefined || 'kind' in slices) return slices;
    if (wait !== undefined && isMoreThanKnown(message, slices)) this.#checkWait(answers.at(-2));
    if (message.declares === 'all') await this.#declared(message, epoch);
    this.#hear(message, slices);
    return { kind: 'applied', seq: message.seq, slices };
  }

  /** The trip before: registers, and asks whether anything was lost. */
  async #enter(
    message: HolderMessage,
    families: readonly FamilyItems[],
  ): Promise<Entry | ExchangeReply | undefined> {
    const entered = { ...KNOWN_ENTRY, isRegistered: true };
    const told = await this.#server.calls([
      this.#begin(message, families, false),
      ...registering(this.#server.keys, families),
      ...families.map((of) => this.#apply(message, of, { mode: 'check', entry: entered })),
    ]);
    if (told === 'stale') return await this.#resolved();
    const [begun = [], ...rest] = told;
    const refused = await this.#refusedBy(message, begun);
    if (refused !== 'none') return refused;
    const isDeclaring = message.declares !== 'none' && begun[2] === '0';
    const no = rest.slice(-families.length).find(([kind]) => kind !== 'ok');
    if (no !== undefined && !isDeclaring) return this.#noFrom(message, no);
    return {
      isOld: message.seq < Number(begun[1]),
      isDeclaring,
      isRegistered: true,
      scopes: scopesFrom(families, rest),
    };
  }

  /** Whether the message asks for something while holders are still to declare. */
  async #isWaiting({ declares, items }: HolderMessage): Promise<boolean> {
    if (await this.#holders.haveDeclared()) await this.#server.complete();
    if (this.#server.canGrant || declares !== 'none') return false;
    return items.some(({ need }) => !isNothing(need));
  }

  async #resolved(): Promise<undefined> {
    await this.#server.resolve();
    return undefined;
  }

  /** What the holder's record says against the message; `none` when nothing. */
  async #refusedBy(
    { holder, seq }: HolderMessage,
    [kind, last]: Told,
  ): Promise<ExchangeReply | 'none' | undefined> {
    switch (kind) {
      case 'ok':
        return 'none';
      case 'fenced':
        this.#holders.forget(holder);
        this.#heard.delete(holder);
        return { kind: 'fenced' };
      case 'redeclare':
        return { kind: 'redeclare', reason: 'the server was restarted or replaced' };
      case 'gap':
        return { kind: 'lost', reason: `message ${seq} came after ${last}` };
      case 'none':
        this.#heard.delete(holder);
        if (await this.#holders.restore(holder)) return undefined;
        return { kind: 'lost', reason: `no holder ${holder}` };
      case undefined:
      default:
        throw unavailable(`an unexpected answer: ${kind}`);
    }
  }

  #slicesFrom(
    message: HolderMessage,
    families: readonly FamilyItems[],
    told: readonly Told[],
  ): readonly SliceState[] | ExchangeReply | undefined {
    const slices: SliceState[] = [];
    for (const [index, { items, positions }] of families.entries()) {
      const [kind, ...states] = told[index] ?? [];
      if (kind !== 'ok') return this.#noFrom(message, told[index] ?? []);
      for (const [inner, item] of items.entries()) {
        slices[positions[inner] ?? 0] = stateFrom(item, states[inner] ?? '');
      }
    }
    return slices;
  }

  /** What a family says against its items. */
  #noFrom({ holder }: HolderMessage, [kind, reason = '']: Told): ExchangeReply | undefined {
    this.#heard.delete(holder);
    switch (kind) {
      case 'unregistered':
        return undefined;
      case 'fenced':
        return { kind: 'fenced' };
      case 'lost':
        return { kind: 'lost', reason };
      case 'broken':
        throw new IntegrityError(`Must hold: ${reason}.`);
      case undefined:
      default:
        throw unavailable(`an unexpected answer: ${kind}`);
    }
  }

  async #declared({ holder }: HolderMessage, epoch: number): Promise<void> {
    const [record] = this.#server.keys.holder(holder);
    await this.#server.asks([{ script: 'declared', keys: [record], said: { epoch } }]);
    if (await this.#holders.haveDeclared()) await this.#server.complete();
  }

  #begin(
    { holder, seq, declares }: HolderMessage,
    families: readonly FamilyItems[],
    keeps: boolean,
  ): ScriptCall {
    const of = families.map(({ family, items }) => [family, lastLeavesOf(items)]);
    const said = { seq, declares, keeps, epoch: this.#server.epoch, families: of };
    return { script: 'begin', keys: this.#server.keys.holder(holder), said };
  }

  #apply(
    { holder, seq }: HolderMessage,
    of: FamilyItems,
    { mode, entry }: { readonly mode: string; readonly entry: Entry },
  ): ScriptCall {
    const { isDeclaring: isDeclared, isRegistered, scopes } = entry;
    const how = { seq, mode, isDeclared, isRegistered };
    return applying(this.#server.keys, of, { holder, how, scopes });
  }

  #waitCommand(): Command | undefined {
    const { waitReplicas, waitAof, waitTimeoutMs } = this.#durability;
    const [replicas, ms] = [String(waitReplicas), String(waitTimeoutMs)];
    if (waitAof) return ['WAITAOF', '1', replicas, ms];
    return waitReplicas > 0 ? ['WAIT', replicas, ms] : undefined;
  }

  #checkWait(answer: unknown): void {
    const { waitReplicas, waitAof } = this.#durability;
    const [local, replicas] = waitAof ? texts(answer).map(Number) : [1, Number(answer)];
    if ((local ?? 0) >= 1 && (replicas ?? 0) >= waitReplicas) return;
    throw unavailable(`a grant is on ${replicas} replicas, ${waitReplicas} are needed`);
  }

  #isHeard({ holder, seq, declares, items }: HolderMessage): boolean {
    const heard = this.#heard.get(holder);
    if (heard?.epoch !== this.#server.epoch || declares !== 'none') return false;
    if (seq !== heard.seq && seq !== heard.seq + 1) return false;
    return items.every(({ account, known }) => {
      const granted = heard.granted.get(keyOf(account));
      return granted !== undefined && isWithin(known, granted);
    });
  }

  #hear({ holder, seq }: HolderMessage, slices: readonly SliceState[]): void {
    if (this.#heard.size >= HEARD_MAX && !this.#heard.has(holder)) this.#heard.clear();
    const { epoch } = this.#server;
    const before = this.#heard.get(holder);
    const heard =
      before?.epoch === epoch ? before : { epoch, seq, granted: new Map<string, Sums>() };
    this.#heard.set(holder, heard);
    if (heard.granted.size >= SLICES_MAX) heard.granted.clear();
    heard.seq = Math.max(heard.seq, seq);
    for (const { key, granted } of slices) heard.granted.set(key, granted);
  }
}

function isMoreThanKnown(message: HolderMessage, slices: readonly SliceState[]): boolean {
  return slices.some(({ granted }, position) => {
    return !isWithin(granted, message.items[position]?.known ?? NO_SUMS);
  });
}
