/** Holders as processes of their own over one store, and the one who kills and recovers them. */

import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identifyProcess } from '../../src/journal/identity.ts';
import { readJournal } from '../../src/journal/read-journal.ts';
import { recoverHolder, recoverHolders } from '../../src/journal/recovery.ts';
import type { HolderIdentity, InDoubt } from '../../src/ledger/leases/message.ts';
import { NO_SUMS, ceilingsOf, plus, type Sums } from '../../src/ledger/leases/sums.ts';
import { systemClock } from '../../src/units/time.ts';
import { Acknowledged } from './acknowledged.ts';
import { bundle, type Bundle } from './bundle.ts';
import { ALL_ACCOUNTS } from './calls.ts';
import type { HolderOrder } from './holder.child.ts';
import { openStore, type OpenStore, type StorePlace } from './stores.ts';

const START_MS_MAX = 20_000;
const POLL_MS = 5;

/** One holder: a child process. */
export interface Writer {
  readonly child: ChildProcess;
  readonly holder: string;
  readonly notes: string;
  /** Resolves when it has ended, to its exit code or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

/** All holders of one test, and what was found wrong. */
export class Fleet {
  readonly findings: string[] = [];
  readonly directory = mkdtempSync(join(tmpdir(), 'hardcap-crash-'));
  readonly self: HolderIdentity;
  /** Calls in doubt at recoveries, and how many holders those were. */
  readonly counts = { writers: 0, recovered: 0, inDoubt: 0, notes: 0, longestWaitMs: 0 };
  readonly #place: StorePlace;
  readonly #seed: string;
  readonly #program: Bundle = bundle('holder.child');
  readonly #writers: Writer[] = [];
  #opened: OpenStore | undefined;

  constructor(place: StorePlace, seed: string) {
    this.#place = place;
    this.#seed = seed;
    this.self = identifyProcess({ journal: this.journals, openedAt: systemClock() });
  }

  get journals(): string {
    return join(this.directory, 'journals');
  }

  /** Starts one holder; resolves when it has begun. */
  async start(callsMax: number | null = null): Promise<Writer> {
    const number = (this.counts.writers += 1);
    const notes = join(this.directory, `notes-${number}`);
    const directory = this.journals;
    const seed = `${this.#seed}/${number}`;
    const order: HolderOrder = { place: this.#place, directory, notes, seed, callsMax };
    const child = spawn(process.execPath, [this.#program.file, JSON.stringify(order)], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let [told, complaint] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (told += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
    const ended = new Promise<number | string>((resolve) => {
      child.on('exit', (code, signal) => {
        if (code !== null && code !== 0) this.findings.push(`holder ${number}: ${complaint}`);
        resolve(code ?? signal ?? 'unknown');
      });
    });
    const hasBegun = () => told.includes('\n') || child.exitCode !== null;
    const isSeen = await this.#until(hasBegun, START_MS_MAX);
    const writer = { child, holder: told.trim(), notes, ended };
    this.#writers.push(writer);
    if (!isSeen || writer.holder === '') throw new Error(`holder ${number}: ${complaint}`);
    return writer;
  }

  /** Kills one holder; its recovery is still to come. */
  async killOnly(writer: Writer): Promise<void> {
    writer.child.kill('SIGKILL');
    await writer.ended;
  }

  /** Kills one holder, recovers it, and compares what its journal proved with its own notes. */
  async kill(writer: Writer): Promise<void> {
    await this.killOnly(writer);
    await this.recover(writer);
  }

  /** Recovers one holder that has ended, twice. */
  async recover({ holder, notes }: Writer): Promise<void> {
    const { store } = await this.#store();
    this.#compareJournal(holder, notes);
    const options = { store, identity: this.self, clock: systemClock };
    const open = await this.#retried(async () => await store.holders());
    const isOpen = open.some((known) => known.holder === holder);
    const report = await this.#retried(async () => await recoverHolders(options));
    for (const row of report.recovered) {
      // Its own last word to the store may have arrived while it was being recovered.
      const isExpected = row.how === 'proven' || row.how === 'already-closed';
      if (!isExpected) this.findings.push(`${row.holder} was ${row.how}: ${row.reason}`);
      if (row.holder !== holder) this.findings.push(`${row.holder} was recovered for ${holder}`);
      this.counts.recovered += 1;
      this.counts.inDoubt += row.inDoubt.length;
    }
    if (isOpen && report.recovered.length !== 1) this.findings.push(`${holder} was not recovered`);
    const order = { store, holder, how: 'charged', by: 'test', reason: 'again' } as const;
    const again = await recoverHolder({ ...order, clock: systemClock });
    if (again.how !== 'already-closed' && (isOpen || again.how === 'charged')) {
      this.findings.push(`a second recovery of ${holder} was answered ${again.how}`);
    }
    this.#checkFiles(holder);
  }

  /** Resolves when the store knows these holders. */
  async untilOpen(writers: readonly Writer[]): Promise<void> {
    const { store } = await this.#store();
    const until = performance.now() + START_MS_MAX;
    while (performance.now() < until) {
      const open = new Set((await store.holders()).map(({ holder }) => holder));
      if (writers.every(({ holder }) => open.has(holder))) return;
      await sleep(POLL_MS);
    }
    this.findings.push('a holder was never known to the store');
  }

  /** Recovers while this holder lives: nothing may happen to it. */
  async expectLeftAlone({ holder }: Writer): Promise<void> {
    const { store } = await this.#store();
    const options = { store, identity: this.self, clock: systemClock };
    const { recovered, unknown } = await recoverHolders(options);
    if (recovered.length + unknown.length > 0) this.findings.push('a living holder was not spared');
    const open = await store.holders();
    if (!open.some((known) => known.holder === holder)) this.findings.push('it was closed');
  }

  /** Resolves when the holder has begun to close. */
  async untilClosing({ notes, child }: Writer): Promise<void> {
    const isClosing = () => existsSync(notes) && readFileSync(notes, 'utf8').includes('["","?"]');
    const isSeen = await this.#until(() => isClosing() || child.exitCode !== null, START_MS_MAX);
    if (!isSeen) this.findings.push('the holder never began to close');
  }

  /** Whether each of these writers notes something new within so many milliseconds. */
  async expectProgress(writers: readonly Writer[], withinMs: number): Promise<void> {
    const sizes = writers.map(({ notes }) => sizeOf(notes));
    const isFurther = ({ notes }: Writer, index: number) => sizeOf(notes) > sizes[index]!;
    const began = performance.now();
    const isDone = await this.#until(() => writers.every(isFurther), withinMs);
    const waitedMs = Math.round(performance.now() - began);
    this.counts.longestWaitMs = Math.max(this.counts.longestWaitMs, waitedMs);
    if (isDone) return;
    const stuck = writers.filter((writer, index) => !isFurther(writer, index));
    for (const { holder, notes } of stuck) {
      const last = readFileSync(notes, 'utf8').trimEnd().split('\n').slice(-10).join(' ');
      this.findings.push(`no progress within ${withinMs} ms: ${holder}; its last notes: ${last}`);
    }
  }

  /** No account may stand above its ceiling, whoever is at work. */
  async expectCaps(): Promise<void> {
    const { store } = await this.#store();
    const balances = await store.balances(ALL_ACCOUNTS);
    for (const [index, { spent, held }] of balances.entries()) {
      const { ceiling, parts } = ALL_ACCOUNTS[index]!;
      const taken = plus(spent, held);
      ceilingsOf(ceiling).forEach((cap, dimension) => {
        if (cap === null || (taken[dimension] ?? 0) <= cap) return;
        this.findings.push(`${parts[0]!.key}: ${String(taken)} is above ${cap}`);
      });
    }
  }

  /** Every holder has ended: the books must say what all notes say, and hold nothing. */
  async expectTruth(): Promise<void> {
    const { store } = await this.#store();
    const doubts = await store.doubts();
    const truth = new Map<string, Sums>();
    let noted = 0;
    for (const { holder, notes } of this.#writers) {
      const own = doubts.filter((doubt) => doubt.holder === holder);
      const byId = new Map<string, InDoubt>(own.map((doubt) => [doubt.id, doubt]));
      const acknowledged = this.#acknowledged(notes);
      noted += acknowledged.count;
      const sums = acknowledged.booked(byId, (finding) => this.findings.push(finding));
      for (const [key, spent] of sums) truth.set(key, plus(truth.get(key) ?? NO_SUMS, spent));
      for (const { id } of own) {
        if (!acknowledged.calls.has(id)) this.findings.push(`nobody made the call in doubt ${id}`);
      }
    }
    this.counts.notes = noted;
    const balances = await store.balances(ALL_ACCOUNTS);
    for (const [index, { spent, held }] of balances.entries()) {
      const { key } = ALL_ACCOUNTS[index]!.parts[0]!;
      const expected = truth.get(key) ?? NO_SUMS;
      const sums = `spent ${String(spent)}, truth ${String(expected)}, held ${String(held)}`;
      const isTrue = String(spent) === String(expected) && String(held) === String(NO_SUMS);
      if (!isTrue) this.findings.push(`${key}: ${sums}`);
    }
    const open = await store.holders();
    if (open.length > 0) this.findings.push(`${open.length} holders are open`);
    const left = this.#journalNames();
    if (left.length > 0) this.findings.push(`journals are left: ${left.join(', ')}`);
  }

  /** Lets go of the store; the next use opens it again. */
  async reopen(): Promise<void> {
    await this.#opened?.end();
    this.#opened = undefined;
  }

  /** Ends what was started. */
  async stop(): Promise<void> {
    for (const { child } of this.#writers) child.kill('SIGKILL');
    await Promise.all(this.#writers.map(({ ended }) => ended));
    await this.reopen();
    this.#program.remove();
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 });
  }

  /** What the journal of a dead holder proves, against what the holder noted. */
  #compareJournal(holder: string, notes: string): void {
    const reading = readJournal({ directory: this.journals, holder });
    if (reading.kind === 'missing') return;
    if (reading.kind === 'corrupt') {
      this.findings.push(`${holder}: ${reading.reason}`);
      return;
    }
    const { finals, inDoubt } = reading.proof;
    const byId = new Map(inDoubt.map((call) => [call.id, call]));
    const report = (finding: string) => void this.findings.push(`journal: ${finding}`);
    const truth = this.#acknowledged(notes).booked(byId, report);
    const proven = new Map(finals.map(({ account, spent }) => [account.parts.at(-1)!.key, spent]));
    for (const key of new Set([...truth.keys(), ...proven.keys()])) {
      const said = String(proven.get(key) ?? NO_SUMS);
      const expected = String(truth.get(key) ?? NO_SUMS);
      if (said === expected) continue;
      report(`${key}: ${said}, truth ${expected}`);
    }
  }

  #checkFiles(holder: string): void {
    const left = this.#journalNames().filter((name) => name.startsWith(holder));
    if (left.length > 0) this.findings.push(`journals are left: ${left.join(', ')}`);
  }

  #journalNames(): readonly string[] {
    return existsSync(this.journals) ? readdirSync(this.journals) : [];
  }

  #acknowledged(notes: string): Acknowledged {
    return new Acknowledged(existsSync(notes) ? readFileSync(notes, 'utf8') : '');
  }

  async #store(): Promise<OpenStore> {
    return (this.#opened ??= await openStore(this.#place));
  }

  /** A server that was killed answers again after a while. */
  async #retried<T>(ask: () => Promise<T>): Promise<T> {
    const until = performance.now() + START_MS_MAX;
    for (;;) {
      try {
        return await ask();
      } catch (cause) {
        if (performance.now() > until) throw cause;
        await sleep(50);
      }
    }
  }

  async #until(isSo: () => boolean, withinMs: number): Promise<boolean> {
    const until = performance.now() + withinMs;
    while (performance.now() < until) {
      if (isSo()) return true;
      await sleep(POLL_MS);
    }
    return isSo();
  }
}

function sizeOf(path: string): number {
  return existsSync(path) ? statSync(path).size : 0;
}
