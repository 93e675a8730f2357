import { ConfigError, type OperationError } from '../../../errors/error.ts';
import type { Clock } from '../../../units/time.ts';
import { isUnknownScript, texts, unavailable, type Command, type Driver } from './driver.ts';
import type { Keys } from './keys.ts';
import { SCRIPTS, SCRIPT_NAMES, type ScriptCall, type ScriptName } from './scripts.ts';

/** What a script answered: first how it went, then what it has to tell. */
export type Told = readonly string[];

/** How the record of the epoch stood when it was last read. */
export interface EpochRecord {
  /** Random; another one means that the record was begun anew. */
  readonly id: string;
  readonly epoch: number;
  /** The last epoch in which all holders have declared; grants are made only when it is `epoch`. */
  readonly complete: number;
  /** The run id of the server for which the epoch was begun. */
  readonly run: string;
  /** What was lost; empty when nothing was. */
  readonly lost: string;
  /** How long windows are remembered after their end. */
  readonly retentionMs: number;
}

/** How the store treats its server. */
export interface ServerSettings {
  /** `undefined`: the server's own clock. */
  readonly clock: Clock | undefined;
  /** How long after a restart unknown holders may still declare themselves. */
  readonly declareWaitMs: number;
  /** For a record that is begun; `undefined` takes what there is, or 48 hours. */
  readonly retentionMs: number | undefined;
  /** The record must be there already. */
  readonly mustExist: boolean;
}

const TRIES_MAX = 5;

/** One incarnation of the server, and the epoch that its record was in. */
interface Session {
  readonly run: string;
  readonly shas: ReadonlyMap<ScriptName, string>;
  readonly known: EpochRecord | undefined;
}

const NO_SESSION: Session = { run: 'none', shas: new Map(), known: undefined };

/** How long windows are remembered after their end unless configured otherwise: 48 hours. */
export const RETENTION_MS_DEFAULT = 172_800_000;

/**
 * The server as this process believes it to be: which incarnation, in which epoch. Every script
 * checks the incarnation in the step in which it writes.
 */
export class Server {
  readonly driver: Driver;
  readonly keys: Keys;
  readonly #settings: ServerSettings;
  /** Which server it is, and what its record said: only ever changed together. */
  #session: Session = NO_SESSION;
  #lost: string | undefined;
  #resolving: Promise<void> | undefined;

  constructor(driver: Driver, keys: Keys, settings: ServerSettings) {
    this.driver = driver;
    this.keys = keys;
    this.#settings = settings;
  }

  /** Why nothing is granted any more; `undefined` while nothing is known to be lost. */
  get lost(): string | undefined {
    return this.#lost;
  }

  /** The present epoch, as last read. */
  get epoch(): number {
    return this.#session.known?.epoch ?? 0;
  }

  /** Whether grants may be made: nobody is still to declare. */
  get canGrant(): boolean {
    const { known } = this.#session;
    return this.#lost === undefined && known !== undefined && known.complete === known.epoch;
  }

  /** First contact: begins the record unless it is there. */
  async connect(): Promise<void> {
    const { mustExist, retentionMs: retention = RETENTION_MS_DEFAULT } = this.#settings;
    const first = mustExist ? 'probe' : 'create';
    await this.#meet(this.#ofEpoch(first, { id: crypto.randomUUID(), retention }));
    if (mustExist && this.#session.known === undefined && this.#lost === undefined) {
      const reason = 'nothing was ever stored under this prefix, or all of it was lost';
      throw new ConfigError({ field: 'mustExist', value: true, reason });
    }
    this.#checkRetention();
  }

  /** Sends the calls in one go; `stale` when the server is not the one that we believed in. */
  async calls(calls: readonly ScriptCall[]): Promise<readonly Told[] | 'stale'> {
    const all = await this.mixed(calls.map((call) => this.command(call)));
    return all === 'stale' ? all : all.map(texts);
  }

  /** The same for commands of any kind. */
  async mixed(commands: readonly Command[], moreMs = 0): Promise<readonly unknown[] | 'stale'> {
    try {
      const answers = await this.driver.all(commands, moreMs);
      return answers.some((answer) => texts(answer)[0] === 'restarted') ? 'stale' : answers;
    } catch (error) {
      if (isUnknownScript(error)) return 'stale';
      throw error;
    }
  }

  /** Like `calls`, again after the server has turned out to be another one; throws when lost. */
  async asks(calls: readonly ScriptCall[]): Promise<readonly Told[]> {
    const all = await this.reads(calls.map((call) => () => this.command(call)));
    return all.map(texts);
  }

  /**
   * Commands, and the proof that they were answered by the server that we know. Throws when it has
   * lost what it knew: what it says is worth nothing then.
   */
  async reads(commands: readonly (() => Command)[]): Promise<readonly unknown[]> {
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      if (this.#lost !== undefined) throw unavailable(this.#lost);
      const made = commands.map((make) => make());
      const answers = await this.mixed([...made, this.probe()]);
      if (answers !== 'stale' && this.isSame(texts(answers.at(-1)))) return answers.slice(0, -1);
      await this.resolve();
    }
    throw restarting();
  }

  /** The command for a call. */
  command(call: ScriptCall): Command {
    return this.#command(call, this.#session);
  }

  #command({ script, keys, said }: ScriptCall, { run, shas, known }: Session): Command {
    const { clock } = this.#settings;
    const sha = shas.get(script) ?? '0'.repeat(40);
    const argument = JSON.stringify(clock === undefined ? said : { now: clock(), ...said });
    const retention = String(known?.retentionMs ?? RETENTION_MS_DEFAULT);
    return ['EVALSHA', sha, String(keys.length), ...keys, run, argument, retention];
  }

  /** The command that reads the record. */
  probe(): Command {
    return this.command(this.#ofEpoch('probe', {}));
  }

  /** Whether the record still says what we know. */
  isSame(told: Told): boolean {
    const found = recordOf(told);
    const { known, run } = this.#session;
    if (found === 'none' || known === undefined || found.lost !== '') return false;
    if (found.id !== known.id || found.epoch !== known.epoch || found.run !== run) return false;
    this.#session = { ...this.#session, known: found };
    return true;
  }

  /** Finds out which server this is now, and what became of the record. */
  async resolve(): Promise<void> {
    this.#resolving ??= this.#meet(this.#ofEpoch('probe', {})).finally(() => {
      this.#resolving = undefined;
    });
    await this.#resolving;
  }

  /** All open holders have declared: grants are made again, when unknown ones had their time. */
  async complete(): Promise<void> {
    const waitMs = this.#settings.declareWaitMs;
    const call = this.#ofEpoch('complete', { epoch: this.epoch, waitMs });
    const told = await this.calls([call]);
    if (told === 'stale' || !this.isSame(told[0] ?? [])) await this.resolve();
  }

  /** See `RedisLeaseStore.reinitialise`. */
  async reinitialise(): Promise<void> {
    const said = { id: crypto.randomUUID(), epoch: this.epoch };
    this.#lost = undefined;
    this.#session = { ...this.#session, known: undefined };
    await this.#meet(this.#ofEpoch('reinitialise', said));
  }

  /** Learns which server it is, asks `first` of it, and takes what its record says. */
  async #meet(first: ScriptCall): Promise<void> {
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const met = await this.#load();
      const ask = async (call: ScriptCall): Promise<EpochRecord | 'none' | 'stale'> => {
        const answers = await this.mixed([this.#command(call, met)]);
        return answers === 'stale' ? answers : recordOf(texts(answers[0]));
      };
      let found = await ask(first);
      if (typeof found === 'object' && this.#isBehind(found, met)) {
        const said = { id: found.id, seen: found.epoch, least: this.epoch };
        found = await ask(this.#ofEpoch('advance', said));
      }
      if (found === 'stale') continue;
      if (found === 'none' && this.#session.known !== undefined) {
        const { id, epoch } = this.#session.known;
        await ask(this.#ofEpoch('lose', { id, epoch, reason: GONE }));
      }
      this.#judge(found, met);
      return;
    }
    throw restarting();
  }

  /**
   * Whether the data may lack what was acknowledged: written by another incarnation of the server,
   * or, on a former primary that came back, older than what we have seen.
   */
  #isBehind({ run, epoch, lost }: EpochRecord, met: Session): boolean {
    if (lost !== '') return false;
    const { known, run: runBefore } = this.#session;
    if (run !== met.run) return true;
    if (known === undefined) return false;
    return epoch < known.epoch || (epoch === known.epoch && met.run !== runBefore);
  }

  #judge(found: EpochRecord | 'none', met: Session): void {
    const { known } = this.#session;
    if (found === 'none') {
      if (known !== undefined) this.#lost = GONE;
    } else if (found.lost !== '') this.#lost = found.lost;
    else if (known !== undefined && found.id !== known.id) this.#lost = ANEW;
    else this.#session = { ...met, known: found };
  }

  async #load(): Promise<Session> {
    const loads = SCRIPT_NAMES.map((name): Command => ['SCRIPT', 'LOAD', SCRIPTS[name]]);
    const [info, ...shas] = await this.driver.all([['INFO', 'server'], ...loads]);
    const run = infoField(String(info), 'run_id');
    if (run === undefined) throw unavailable('INFO server names no run_id');
    const named = SCRIPT_NAMES.map((name, at) => [name, String(shas[at])] as const);
    return { run, shas: new Map(named), known: this.#session.known };
  }

  /** Who remembers for longer than the others would read as nothing what they forgot. */
  #checkRetention(): void {
    const { retentionMs } = this.#settings;
    const kept = this.#session.known?.retentionMs;
    if (retentionMs === undefined || kept === undefined || retentionMs === kept) return;
    const reason = `the data under this prefix was begun with ${kept} ms, which is not changed`;
    throw new ConfigError({ field: 'retentionMs', value: retentionMs, reason });
  }

  #ofEpoch(script: ScriptName, said: ScriptCall['said']): ScriptCall {
    return { script, keys: [this.keys.epoch], said };
  }
}

/** A field of what `INFO` says; `undefined` when it is not there or empty. */
export function infoField(info: string, name: string): string | undefined {
  const line = info.split('\n').find((each) => each.startsWith(`${name}:`));
  const value = line?.slice(name.length + 1).trim();
  return value === '' ? undefined : value;
}

function recordOf(told: Told): EpochRecord | 'none' {
  const [kind, id = '', epoch, complete, run = '', lost = '', retention] = told;
  if (kind !== 'ok') return 'none';
  const numbers = { epoch: Number(epoch), complete: Number(complete) };
  return { id, ...numbers, run, lost, retentionMs: Number(retention) };
}

function restarting(): OperationError {
  return unavailable(`it was another server each of ${TRIES_MAX} times it was asked`);
}

const GONE = 'the record of the epoch is gone: the data was flushed, evicted or replaced';
const ANEW = 'the record of the epoch was begun anew: what was known before is gone';
