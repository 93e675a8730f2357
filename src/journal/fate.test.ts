import { describe, expect, it } from 'vitest';
import { NOON } from '../stores/conformance/orders.ts';
import { shifted } from '../units/time.ts';
import { compareBoots, judge, type HostFacts, type ProcessFacts, type Sighting } from './fate.ts';

const BOOT = '5e2bf1a8-0000-4000-8000-000000000001';
const OTHER_BOOT = '5e2bf1a8-0000-4000-8000-000000000002';
const UNTOLD: ProcessFacts = { kind: 'there', started: undefined, hasEnded: false };
const RUNNING: ProcessFacts = { kind: 'there', started: '900', hasEnded: false };

/** The host began an hour before noon, the holder half an hour after that. */
const HOLDER: Sighting = {
  host: 'h',
  boot: BOOT,
  pid: 7,
  incarnation: '4026531836/900',
  openedAt: shifted(NOON, -1_800_000),
};

function here(found: ProcessFacts, said: Partial<HostFacts> = {}): HostFacts {
  const facts = { host: 'h', boot: BOOT, bootedAtMs: NOON - 3_600_000, namespace: '4026531836' };
  return { ...facts, processOf: () => found, ...said };
}

describe('the fate of a holder', () => {
  it('is alive while the process with its start runs', () => {
    expect(judge(HOLDER, here(RUNNING))).toBe('alive');
    expect(judge(HOLDER, here(UNTOLD))).toBe('alive');
  });

  it('is gone when its process id is free, when another has it, and when it is only a name', () => {
    expect(judge(HOLDER, here({ kind: 'absent' }))).toBe('gone');
    expect(judge(HOLDER, here({ ...RUNNING, started: '901' }))).toBe('gone');
    expect(judge(HOLDER, here({ ...RUNNING, hasEnded: true }))).toBe('gone');
  });

  it('is gone when the host has booted since, whatever runs under its process id', () => {
    const rebooted = here(RUNNING, { boot: OTHER_BOOT, bootedAtMs: NOON });
    expect(judge(HOLDER, rebooted)).toBe('gone');
  });

  it('is unknown on another host, and in another namespace of process ids', () => {
    expect(judge(HOLDER, here({ kind: 'absent' }, { host: 'other' }))).toBe('unknown');
    expect(judge(HOLDER, here({ kind: 'absent' }, { namespace: '4026532999' }))).toBe('unknown');
  });

  it('is unknown on another boot that did not come after it: two hosts have one name', () => {
    const twin = here({ kind: 'absent' }, { boot: OTHER_BOOT });
    expect(judge(HOLDER, twin)).toBe('unknown');
    const rebooted = here({ kind: 'absent' }, { boot: OTHER_BOOT, bootedAtMs: NOON });
    const heardSince = { ...HOLDER, lastSeenAt: shifted(NOON, 60_000) };
    expect(judge(heardSince, rebooted)).toBe('unknown');
  });

  it('is never gone on the word of a boot that was not told, only on that of the process', () => {
    const untold = { boot: 'unknown:1', bootedAtMs: NOON };
    expect(judge(HOLDER, here(RUNNING, untold))).toBe('alive');
    expect(judge(HOLDER, here({ ...RUNNING, started: undefined }, untold))).toBe('unknown');
    expect(judge(HOLDER, here({ kind: 'absent' }, untold))).toBe('gone');
  });
});

describe('two boots', () => {
  it('are the same only with one id, or begun within ten seconds by the clock', () => {
    expect(compareBoots(BOOT, BOOT)).toBe('same');
    expect(compareBoots(BOOT, OTHER_BOOT)).toBe('other');
    expect(compareBoots('since:1000', 'since:1010')).toBe('same');
    expect(compareBoots('since:1000', 'since:1011')).toBe('unclear');
    expect(compareBoots('unknown:1', 'unknown:2')).toBe('unclear');
    expect(compareBoots('unknown:1', BOOT)).toBe('unclear');
    expect(compareBoots('since:1000', BOOT)).toBe('unclear');
  });
});
