import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { NOON } from '../stores/conformance/orders.ts';
import { systemClock } from '../units/time.ts';
import { identifyProcess, isGone, isThisBoot } from './identity.ts';

const IS_LINUX = process.platform === 'linux';
const own = identifyProcess({ journal: null, openedAt: systemClock() });
const started: number[] = [];

afterEach(() => {
  for (const pid of started.splice(0)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
});

/** Start of a process, read otherwise than the code does: the 22nd word, if no name has two. */
function startOf(pid: number): string {
  return readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[21]!;
}

function identityOfPid(pid: number, start: string) {
  return { ...own, pid, incarnation: `${own.incarnation.split('/')[0]}/${start}` };
}

describe('a process as a holder', () => {
  it('gets an id of its own at every call, and the same place', () => {
    const again = identifyProcess({ journal: 'somewhere', openedAt: NOON });
    expect(again.holder).not.toBe(own.holder);
    expect(again.holder).toMatch(/^[0-9a-f-]{36}$/);
    const { host, boot, pid, incarnation } = own;
    expect(again).toMatchObject({ host, boot, pid, incarnation, journal: 'somewhere' });
    expect(again.openedAt).toBe(NOON);
  });

  it('is alive, and of this boot', () => {
    expect(isGone(own)).toBe('alive');
    expect(isThisBoot(own)).toBe(true);
    expect(isThisBoot({ ...own, boot: 'another' })).toBe(false);
    expect(isThisBoot({ ...own, host: 'another' })).toBe(false);
  });

  it('is gone when another start is written for its process id', () => {
    expect(isGone({ ...own, incarnation: `${own.incarnation}1` })).toBe('gone');
  });

  it('is unknown when it says to be of another host', () => {
    expect(isGone({ ...own, host: 'another' })).toBe('unknown');
  });

  it('that ended and was waited for is gone', () => {
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    expect(isGone(identityOfPid(pid, '1'))).toBe('gone');
  });

  // Skipped: only Linux tells the start of another process.
  it.runIf(IS_LINUX)('that runs is alive, is gone when killed, and seen so at once', async () => {
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    started.push(child.pid!);
    const identity = identityOfPid(child.pid!, startOf(child.pid!));
    expect(isGone(identity)).toBe('alive');
    process.kill(child.pid!, 'SIGSTOP');
    expect(isGone(identity), 'a stopped process may go on').toBe('alive');
    process.kill(child.pid!, 'SIGKILL');
    await once(child, 'exit');
    expect(isGone(identity)).toBe('gone');
  });

  // Skipped: only Linux tells the state of another process.
  it.runIf(IS_LINUX)('that nobody waits for is gone when it is dead', async () => {
    // The shell becomes a program that never asks after its child.
    const shell = spawn('bash', ['-c', 'sleep 60 & echo $!; exec sleep 60']);
    started.push(shell.pid!);
    const [line] = (await once(shell.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    started.push(pid);
    const identity = identityOfPid(pid, startOf(pid));
    expect(isGone(identity)).toBe('alive');
    process.kill(pid, 'SIGKILL');
    for (let tries = 0; tries < 200 && isGone(identity) !== 'gone'; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[2]).toBe('Z');
    expect(isGone(identity)).toBe('gone');
  });

  it('that may not be signalled is not gone', () => {
    // Process 1 is there on every system that counts like this, and not ours unless we are root.
    const fate = isGone(identityOfPid(1, IS_LINUX ? startOf(1) : '1'));
    expect(fate).toBe('alive');
  });
});
