import { readFileSync, readlinkSync } from 'node:fs';
import { hostname, uptime } from 'node:os';
import type { HolderIdentity } from '../ledger/leases/message.ts';
import { systemClock, type EpochMs } from '../units/time.ts';
import {
  compareBoots,
  judge,
  type Fate,
  type HostFacts,
  type ProcessFacts,
  type Sighting,
} from './fate.ts';

/**
 * This process as a holder, with a new random id at every call.
 *
 * `host` is the host's name and, where the system keeps one, its machine id. `boot` is Linux's boot
 * id; elsewhere the second at which the host began to run, read off the clock and the uptime; where
 * neither is known, a random text, so that nothing written under it is ever trusted. `incarnation`
 * is the namespace that process ids count in (`-` where there is none) and the start of the process
 * as the system counts it.
 */
export function identifyProcess(options: {
  /** Folder of its journal; `null` when it keeps none. */
  readonly journal: string | null;
  readonly openedAt: EpochMs;
}): HolderIdentity {
  const { host, boot, namespace } = hostFacts();
  return {
    holder: crypto.randomUUID(),
    host,
    boot,
    pid: process.pid,
    incarnation: `${namespace}/${ownStart()}`,
    journal: options.journal,
    openedAt: options.openedAt,
  };
}

/** Whether the process that a holder is has ended, as far as this process can see. */
export function isGone(holder: Sighting): Fate {
  return judge(holder, hostFacts());
}

/** Whether what was written under this boot is in the page cache or on the disk of this host. */
export function isThisBoot({ host, boot }: Pick<HolderIdentity, 'host' | 'boot'>): boolean {
  const here = hostFacts();
  return host === here.host && compareBoots(boot, here.boot) === 'same';
}

const IS_LINUX = process.platform === 'linux';

/** Told apart from everything, and the same for as long as this process runs. */
const BOOT_UNKNOWN = `unknown:${crypto.randomUUID()}`;

let facts: HostFacts | undefined;

/** What does not change while this process runs is read once. */
function hostFacts(): HostFacts {
  facts ??= {
    host: hostText(),
    boot: bootText(),
    bootedAtMs: systemClock() - uptime() * 1000,
    namespace: namespaceText(),
    processOf,
  };
  return facts;
}

function hostText(): string {
  const machine = IS_LINUX ? (readText('/etc/machine-id')?.trim() ?? '') : '';
  return machine === '' ? hostname() : `${hostname()}/${machine}`;
}

function bootText(): string {
  if (!IS_LINUX) return `since:${Math.round(systemClock() / 1000 - uptime())}`;
  const boot = readText('/proc/sys/kernel/random/boot_id')?.trim() ?? '';
  return boot === '' ? BOOT_UNKNOWN : boot;
}

function namespaceText(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '-';
  } catch {
    // No such thing on this system: every process counts alike.
    return '-';
  }
}

function ownStart(): string {
  return statOf('self')?.started ?? String(Math.round(performance.timeOrigin));
}

/** What the system says of a process id now. */
function processOf(pid: number): ProcessFacts {
  const stat = statOf(String(pid));
  if (stat !== undefined) return { kind: 'there', ...stat };
  if (pid === process.pid) return { kind: 'there', started: ownStart(), hasEnded: false };
  try {
    process.kill(pid, 0);
    return { kind: 'there', started: undefined, hasEnded: false };
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    // Whatever else it says (that it may not be signalled), it says of a process that is there.
    return code === 'ESRCH'
      ? { kind: 'absent' }
      : { kind: 'there', started: undefined, hasEnded: false };
  }
}

/** Start and end of a process by Linux's table, by proc_pid_stat(5): fields 3, 20 and 22. */
function statOf(pid: string): { readonly started: string; readonly hasEnded: boolean } | undefined {
  const text = IS_LINUX ? readText(`/proc/${pid}/stat`) : undefined;
  if (text === undefined) return undefined;
  // The second field is the name in brackets, which may hold spaces and brackets itself.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, threads, started] = [fields[0], fields[17], fields[19]];
  if (started === undefined || !/^\d+$/.test(started)) return undefined;
  // Dead and only not yet waited for; a thread that is still there might still write.
  return { started, hasEnded: (state === 'Z' || state === 'X') && Number(threads) <= 1 };
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Not there, or not for us: not reported.
    return undefined;
  }
}
