import type { HolderIdentity } from '../ledger/leases/message.ts';
import type { EpochMs } from '../units/time.ts';

/** Whether a process has ended. `unknown` means that nobody here can tell. */
export type Fate = 'gone' | 'alive' | 'unknown';

/** What a system says of one process id. */
export type ProcessFacts =
  | { readonly kind: 'absent' }
  | {
      readonly kind: 'there';
      /** Its start as the system counts it; `undefined` when it does not tell. */
      readonly started: string | undefined;
      /** It runs no more and only stands in the table of processes. */
      readonly hasEnded: boolean;
    };

/** What a process can know about the host it runs on. */
export interface HostFacts {
  readonly host: string;
  readonly boot: string;
  /** When the host began to run, by its present clock. */
  readonly bootedAtMs: number;
  /** In which process ids count. */
  readonly namespace: string;
  readonly processOf: (pid: number) => ProcessFacts;
}

/** A holder as somebody else sees it. */
export interface Sighting extends Pick<
  HolderIdentity,
  'host' | 'boot' | 'pid' | 'incarnation' | 'openedAt'
> {
  /** When a store last heard of it. */
  readonly lastSeenAt?: EpochMs;
}

/**
 * How far apart two readings of one boot's beginning can be: the clock is set and drifts. No host
 * boots, runs a holder and boots again in less.
 */
export const BOOT_TOLERANCE_S = 10;

/** Whether two texts mean one boot. `unclear` when they were read off clocks, or are made up. */
export function compareBoots(left: string, right: string): 'same' | 'other' | 'unclear' {
  if (left === right) return 'same';
  const [leftS, rightS] = [secondOf(left), secondOf(right)];
  if (leftS !== undefined && rightS !== undefined) {
    return Math.abs(leftS - rightS) <= BOOT_TOLERANCE_S ? 'same' : 'unclear';
  }
  return isBootId(left) && isBootId(right) ? 'other' : 'unclear';
}

/**
 * What became of a holder's process, seen from a host. `gone` only on proof: a boot id that ended
 * before this one began, a process id that is free, or one that another process has now. A process
 * that cannot be seen from here (another host, another namespace of process ids) is `unknown`, and
 * so is one that says to be of this host, yet was heard of after it booted, on another boot: two
 * hosts with one name.
 */
export function judge(holder: Sighting, here: HostFacts): Fate {
  if (holder.host !== here.host) return 'unknown';
  const boots = compareBoots(holder.boot, here.boot);
  if (boots === 'other') {
    const seenAt = Math.max(holder.openedAt, holder.lastSeenAt ?? holder.openedAt);
    const isEarlier = seenAt <= here.bootedAtMs + BOOT_TOLERANCE_S * 1000;
    return isEarlier ? 'gone' : 'unknown';
  }
  const [namespace, started] = holder.incarnation.split('/');
  if (namespace !== here.namespace) return 'unknown';
  const found = here.processOf(holder.pid);
  if (found.kind === 'absent' || found.hasEnded) return 'gone';
  if (found.started === undefined) return boots === 'same' ? 'alive' : 'unknown';
  return found.started === started ? 'alive' : 'gone';
}

function secondOf(boot: string): number | undefined {
  return /^since:\d+$/.test(boot) ? Number(boot.slice('since:'.length)) : undefined;
}

function isBootId(boot: string): boolean {
  return !boot.startsWith('since:') && !boot.startsWith('unknown:');
}
