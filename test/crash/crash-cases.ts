/** What every durable store must stand, with holders killed at any moment. */

import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { randomOf, type Random } from '../simulation/random.ts';
import type { PrivateServer } from '../servers/private-server.ts';
import { Fleet, type Writer } from './fleet.ts';
import type { StorePlace } from './stores.ts';

/** Kills in the long case; the full count is 200. */
export const KILLS = Number(process.env['HARDCAP_CRASH_KILLS'] ?? 12);

/** Another seed is another run. */
export const SEED = process.env['HARDCAP_CRASH_SEED'] ?? String(Date.now());

const WRITERS = 4;
/**
 * How long the others may stand still when one is killed. 1,000 on a machine with nothing else on;
 * a disk that others use as well is slower, and what this is to find stands still for ever.
 */
const PROGRESS_MS_MAX = Number(process.env['HARDCAP_CRASH_PROGRESS_MS'] ?? 5_000);
/** After a restart of the server, until each holder has found it again. */
const SERVER_PROGRESS_MS_MAX = 10_000;
/** How long one kill, its recovery and the start of the next holder can take. */
const MS_PER_KILL = 10_000;

/** The cases for one store; `newStore` names an empty one. */
export function crashCases(newStore: () => StorePlace, server?: () => PrivateServer): void {
  let fleet: Fleet;
  let random: Random;

  beforeEach(({ task }) => {
    const seed = `${SEED}/${task.name}`;
    random = randomOf(seed);
    fleet = new Fleet(newStore(), seed);
  });

  afterEach(async () => {
    await fleet.stop();
  });

  function expectNothing(): void {
    expect(fleet.findings, `HARDCAP_CRASH_SEED=${SEED}`).toEqual([]);
  }

  async function started(): Promise<Writer[]> {
    return await Promise.all(Array.from({ length: WRITERS }, () => fleet.start()));
  }

  async function killAll(writers: readonly Writer[]): Promise<void> {
    for (const writer of writers) await fleet.kill(writer);
    await fleet.reopen();
    await fleet.expectTruth();
    expectNothing();
  }

  it(
    'a holder killed at any moment loses nothing that it acknowledged and frees nothing spent',
    { timeout: 120_000 + KILLS * MS_PER_KILL },
    async () => {
      const writers = await started();
      for (let kills = 0; kills < KILLS; kills += 1) {
        await sleep(random.between(0, 250));
        const index = random.below(WRITERS);
        const [victim] = writers.splice(index, 1);
        await fleet.kill(victim!);
        await fleet.expectProgress(writers, PROGRESS_MS_MAX);
        await fleet.expectCaps();
        writers.push(await fleet.start());
        expectNothing();
      }
      await killAll(writers);
      const { counts } = fleet;
      process.stdout.write(`seed ${SEED}: ${KILLS} kills, ${JSON.stringify(counts)}\n`);
      expect(counts.inDoubt, 'kills hit calls in flight').toBeGreaterThan(0);
    },
  );

  it('a holder that is stopped is left alone, and goes on', { timeout: 120_000 }, async () => {
    const writers = await started();
    const [stopped, ...others] = writers as [Writer, ...Writer[]];
    await fleet.untilOpen(writers);
    await fleet.expectProgress(writers, PROGRESS_MS_MAX);
    stopped.child.kill('SIGSTOP');
    await sleep(random.between(50, 200));
    await fleet.expectLeftAlone(stopped);
    await sleep(200);
    stopped.child.kill('SIGCONT');
    await fleet.expectProgress([stopped, ...others], 2 * PROGRESS_MS_MAX);
    await killAll(writers);
  });

  it('a holder killed while it closes is closed once, and its open calls are charged', async () => {
    const count = Math.max(6, Math.ceil(KILLS / 4));
    for (let kills = 0; kills < count; kills += 1) {
      const writer = await fleet.start(1 + random.below(20));
      await fleet.untilClosing(writer);
      const delayMs = random.between(0, 6);
      const until = performance.now() + delayMs;
      while (performance.now() < until);
      await fleet.kill(writer);
      expectNothing();
    }
    const closed = await fleet.start(5);
    expect(await closed.ended).toBe(0);
    await killAll([]);
  }, 120_000);

  if (server === undefined) return;

  it(
    'a server killed under its holders, and holders killed while it is down, lose nothing',
    { timeout: 120_000 + KILLS * MS_PER_KILL },
    async () => {
      const writers = await started();
      for (let kills = 0; kills < Math.max(2, Math.ceil(KILLS / 8)); kills += 1) {
        await sleep(random.between(50, 300));
        await server().kill('SIGKILL');
        const [victim] = writers.splice(random.below(WRITERS), 1);
        await sleep(random.between(0, 100));
        await fleet.killOnly(victim!);
        await server().restart();
        await fleet.recover(victim!);
        await fleet.expectProgress(writers, SERVER_PROGRESS_MS_MAX);
        await fleet.expectCaps();
        writers.push(await fleet.start());
        expectNothing();
      }
      await killAll(writers);
    },
  );
}
