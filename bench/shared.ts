import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { privateDir } from '../test/servers/private-server.ts';
import {
  missingPostgres,
  missingRedis,
  startPostgres,
  startRedis,
  type PrivateServer,
} from '../test/servers/servers.ts';
import type { SharedTask, SharedTimes } from './shared-process.ts';

/** How fast one kind of ledger is, over four warm accounts, in one process or in four. */
export interface SharedFigure {
  readonly ledger: string;
  readonly processes: number;
  /** Of all processes together: median over rounds. */
  readonly pairsPerSecond: number;
  /** Of one process, in microseconds: medians over rounds and processes. */
  readonly reserveP50Us: number;
  readonly reserveP99Us: number;
  readonly settleP50Us: number;
  readonly settleP99Us: number;
}

const ROUNDS = 3;
const PROCESSES = [1, 4] as const;

/** From the start of the processes to the common start of what is measured. */
const START_MS = 2_000;
const MEASURED_MS = 1_200;
const PROCESS_MS_MAX = 60_000;

/** Measures every kind of ledger that can be had here, in rounds taken in turn. */
export async function benchShared(): Promise<readonly SharedFigure[]> {
  const dir = privateDir('bench');
  const redis = missingRedis() === undefined ? await startRedis() : undefined;
  const postgres = missingPostgres() === undefined ? await startPostgres() : undefined;
  try {
    const subjects = subjectsAt({ dir, redis, postgres });
    const shapes = subjects.flatMap((subject) =>
      PROCESSES.filter((processes) => processes === 1 || subject.task.kind !== 'memory').map(
        (processes) => ({ ...subject, processes }),
      ),
    );
    const times = shapes.map((): SharedTimes[][] => []);
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [index, shape] of shapes.entries()) {
        times[index]?.push(await measure(shape, { dir, round }));
      }
    }
    return shapes.map(({ ledger, processes }, index) => {
      return { ledger, processes, ...figuresOf(times[index] ?? []) };
    });
  } finally {
    await redis?.stop();
    await postgres?.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

interface Subject {
  readonly ledger: string;
  readonly task: Pick<SharedTask, 'kind' | 'mode' | 'place' | 'synchronous' | 'hasJournal'>;
}

interface Places {
  readonly dir: string;
  readonly redis: PrivateServer | undefined;
  readonly postgres: PrivateServer | undefined;
}

function subjectsAt({ dir, redis, postgres }: Places): readonly Subject[] {
  const [direct, leased] = [
    { mode: 'direct', hasJournal: false },
    { mode: 'leased', hasJournal: true },
  ] as const;
  const file = { kind: 'sqlite', place: join(dir, 'ledger') } as const;
  const [full, normal] = [{ synchronous: 'full' }, { synchronous: 'normal' }] as const;
  const subjects: Subject[] = [
    { ledger: 'memory, not shared', task: { kind: 'memory', place: '', ...direct, ...full } },
    { ledger: 'SQLite, direct, FULL', task: { ...file, ...direct, ...full } },
    { ledger: 'SQLite, direct, NORMAL', task: { ...file, ...direct, ...normal } },
    { ledger: 'SQLite, leased, FULL + journal', task: { ...file, ...leased, ...full } },
  ];
  for (const [name, kind, server] of [
    ['Redis (AOF always)', 'redis', redis],
    ['PostgreSQL', 'postgres', postgres],
  ] as const) {
    if (server === undefined) continue;
    const at = { kind, place: server.url, ...full };
    subjects.push({ ledger: `${name}, direct`, task: { ...at, ...direct } });
    subjects.push({ ledger: `${name}, leased + journal`, task: { ...at, ...leased } });
  }
  return subjects;
}

const run = promisify(execFile);
let measured = 0;

async function measure(
  { task, processes }: Subject & { readonly processes: number },
  { dir, round }: { readonly dir: string; readonly round: number },
): Promise<SharedTimes[]> {
  measured += 1;
  const place = task.kind === 'sqlite' ? `${task.place}-${measured}.db` : task.place;
  const space = `space_${measured}`;
  const common = { ...task, place, space, startsAtMs: Date.now() + START_MS, ms: MEASURED_MS };
  const children = Array.from({ length: processes }, async (_, index) => {
    const name = `p${index}-${round}-${measured}`;
    const said: SharedTask = { ...common, name, journals: join(dir, 'journals') };
    const [, suite = ''] = process.argv;
    const { stdout } = await run(
      process.execPath,
      [suite, 'shared-process', JSON.stringify(said)],
      { timeout: PROCESS_MS_MAX },
    );
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as SharedTimes;
  });
  return await Promise.all(children);
}

function figuresOf(rounds: readonly (readonly SharedTimes[])[]) {
  const each = rounds.flat();
  const totals = rounds.map((of) => of.reduce((sum, times) => sum + times.pairsPerSecond, 0));
  return {
    pairsPerSecond: median(totals),
    reserveP50Us: median(each.map(({ reserveP50Us }) => reserveP50Us)),
    reserveP99Us: median(each.map(({ reserveP99Us }) => reserveP99Us)),
    settleP50Us: median(each.map(({ settleP50Us }) => settleP50Us)),
    settleP99Us: median(each.map(({ settleP99Us }) => settleP99Us)),
  };
}

function median(figures: readonly number[]): number {
  return figures.toSorted((left, right) => left - right)[figures.length >> 1] ?? Number.NaN;
}
