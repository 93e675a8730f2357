/**
 * A program started for one test run: in a private folder, on a free port of this machine only, and
 * gone with the process that started it, however that process ends.
 */

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A running server of a test. */
export interface PrivateServer {
  /** What a client connects to. */
  readonly url: string;
  readonly host: '127.0.0.1';
  readonly port: number;
  /** Of the server as it runs now; another one after `restart`. */
  readonly pid: number;
  /** Private folder that holds its data; removed by `stop`. */
  readonly dir: string;
  /** Resolves when the server is gone; its data stays. */
  kill(signal?: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  /** Starts it again on the same port and data, stopping it first if it runs. */
  restart(): Promise<void>;
  /** Suspends it: connections stay open and nothing is answered. `false` goes on. */
  pause(isPaused: boolean): void;
  /** Ends it and removes its folder. Safe to call twice. */
  stop(): Promise<void>;
}

/** How one kind of server is run. */
export interface Program {
  readonly name: string;
  readonly command: (place: Place) => readonly string[];
  readonly url: (port: number) => string;
  /** Resolves to `true` when it answers clients. */
  readonly isReady: (port: number) => Promise<boolean>;
  /** Ends it at once and properly; the data folder is thrown away. */
  readonly stopSignal: 'SIGTERM' | 'SIGQUIT';
}

/** Where one server runs. */
export interface Place {
  readonly dir: string;
  readonly port: number;
}

const START_MS_MAX = 20_000;
const STOP_MS_MAX = 5_000;
const POLL_MS = 10;
const PORTS_MAX = 5;

/** Starts the program on a free port over the data in `dir`. */
export async function startPrivately(program: Program, dir: string): Promise<PrivateServer> {
  const guard = new Guard(dir);
  let failure: unknown;
  for (let attempt = 0; attempt < PORTS_MAX; attempt += 1) {
    const place = { dir, port: await freePort() };
    try {
      const child = await launch(program, place, guard);
      return new RunningServer(program, place, { guard, child });
    } catch (cause) {
      failure = cause;
    }
  }
  guard.release();
  throw new Error(`${program.name} did not start`, { cause: failure });
}

/** A new private folder in the machine's folder for temporary files. */
export function privateDir(name: string): string {
  return mkdtempSync(join(tmpdir(), `hardcap-${name}-`));
}

/** Removes the folder when this process has ended, however it ends. */
export function removeAtExit(dir: string): void {
  guards.add(new Guard(dir));
}

/** Kept so that their pipes stay open until this process ends. */
const guards = new Set<Guard>();

class RunningServer implements PrivateServer {
  readonly url: string;
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly dir: string;
  readonly #program: Program;
  readonly #guard: Guard;
  #child: ChildProcess;

  constructor(
    program: Program,
    { dir, port }: Place,
    { guard, child }: { readonly guard: Guard; readonly child: ChildProcess },
  ) {
    this.#program = program;
    this.#guard = guard;
    this.#child = child;
    this.url = program.url(port);
    this.port = port;
    this.dir = dir;
    guards.add(guard);
  }

  get pid(): number {
    return pidOf(this.#child);
  }

  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    await end(this.#child, signal);
    this.#guard.watch(undefined);
  }

  async restart(): Promise<void> {
    await this.kill('SIGTERM');
    const until = Date.now() + START_MS_MAX;
    for (;;) {
      try {
        this.#child = await launch(this.#program, this, this.#guard);
        return;
      } catch (cause) {
        // Children of a killed server may still hold its memory for a moment.
        if (Date.now() > until) throw cause;
        await sleep(POLL_MS * 10);
      }
    }
  }

  pause(isPaused: boolean): void {
    process.kill(this.pid, isPaused ? 'SIGSTOP' : 'SIGCONT');
  }

  async stop(): Promise<void> {
    await end(this.#child, this.#program.stopSignal);
    this.#guard.release();
    guards.delete(this.#guard);
  }
}

async function launch(program: Program, place: Place, guard: Guard): Promise<ChildProcess> {
  const [file = '', ...args] = program.command(place);
  const logFile = join(place.dir, 'server.log');
  const log = openSync(logFile, 'a');
  // Of its own session: a Ctrl-C meant for the test run reaches it through the guard only.
  const child = spawn(file, args, { stdio: ['ignore', log, log], detached: true });
  closeSync(log);
  const failures: Error[] = [];
  child.once('error', (cause) => failures.push(cause));
  child.unref();
  guard.watch(child.pid);
  const until = Date.now() + START_MS_MAX;
  while (!hasEnded(child) && failures.length === 0 && Date.now() < until) {
    if ((await program.isReady(place.port)) && !hasEnded(child)) return child;
    await sleep(POLL_MS);
  }
  if (child.pid !== undefined) await end(child, 'SIGKILL');
  guard.watch(undefined);
  const said = readFileSync(logFile, 'utf8').split('\n').slice(-15).join('\n');
  throw new Error(`${program.name} did not start:\n${said}`, { cause: failures[0] });
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (hasEnded(child)) return;
  const pid = pidOf(child);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  process.kill(pid, signal);
  process.kill(pid, 'SIGCONT');
  const late = setTimeout(() => process.kill(pid, 'SIGKILL'), STOP_MS_MAX);
  await ended;
  clearTimeout(late);
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('the server was never started');
  return pid;
}

/** Reads ids from standard input; when that closes, ends the last one and removes the folder. */
const GUARD_SCRIPT = `
trap '' INT TERM HUP
pid=
while read -r line; do pid=$line; done
if [ -n "$pid" ]; then
  kill -CONT "$pid" 2>/dev/null
  kill -QUIT "$pid" 2>/dev/null
  sleep 0.3
  kill -KILL "$pid" 2>/dev/null
  sleep 0.2
fi
rm -rf -- "$1"
`;

/**
 * A small process that outlives this one by a moment: its standard input is a pipe from here, which
 * closes when this process ends, by `kill -9` too. It then ends the server and removes the folder.
 */
class Guard {
  readonly #dir: string;
  readonly #shell: ChildProcess;

  constructor(dir: string) {
    this.#dir = dir;
    this.#shell = spawn('/bin/sh', ['-c', GUARD_SCRIPT, 'guard', dir], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    this.#shell.unref();
    // A child's pipe is a socket, which need not keep this process running.
    (this.#shell.stdin as unknown as { unref(): void } | null)?.unref();
  }

  /** Which process to end; `undefined` when it has ended, so that its id may be another's. */
  watch(pid: number | undefined): void {
    const { stdin } = this.#shell;
    if (stdin?.writable === true) stdin.write(`${pid ?? ''}\n`);
  }

  /** Nothing to end any more: removes the folder now. */
  release(): void {
    this.watch(undefined);
    this.#shell.stdin?.end();
    rmSync(this.#dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }
}

/** A port of 127.0.0.1 that was free a moment ago. */
async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/** Sends `question` and resolves to whether the answer begins as expected. */
export async function answers(port: number, question: string, expected: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const say = (isReady: boolean): void => {
      socket.destroy();
      resolve(isReady);
    };
    socket.setTimeout(1_000, () => say(false));
    socket.once('error', () => say(false));
    socket.once('close', () => say(false));
    socket.once('data', (data) => say(data.toString('latin1').startsWith(expected)));
    socket.write(question);
  });
}

/** Path of the program in `PATH`; `undefined` when there is none. */
export function inPath(program: string): string | undefined {
  const found = spawnSync('/bin/sh', ['-c', 'command -v -- "$1"', 'which', program], {
    encoding: 'utf8',
  });
  return found.status === 0 ? found.stdout.trim() : undefined;
}
