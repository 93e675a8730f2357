import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Incident } from '../catalogue/incident.ts';
import type { PlayReport } from '../report/results.ts';
import type { JobOptions } from './jobs.ts';
import type { NotRun } from './plan.ts';

/** What a worker says. */
type WorkerWord =
  | { readonly kind: 'ready' }
  | { readonly kind: 'played'; readonly result: readonly PlayReport[] | NotRun }
  | { readonly kind: 'failed'; readonly message: string };

/** What became of all scenarios, in the order of the catalogue. */
export interface Played {
  readonly plays: readonly PlayReport[];
  readonly notRun: readonly NotRun[];
}

const WORKER = fileURLToPath(new URL('worker.child.ts', import.meta.url));

/** Plays all scenarios on so many processes. Rejects when one of them breaks. */
export async function playAll(
  incidents: readonly Incident[],
  options: JobOptions & { readonly workers: number; readonly onPlayed: (done: number) => void },
): Promise<Played> {
  const { seed, schedules, policies, workers, onPlayed } = options;
  const results = new Map<number, readonly PlayReport[] | NotRun>();
  const children: ChildProcess[] = [];
  let next = 0;
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const child = fork(WORKER, [], {
        execArgv: ['--import', 'tsx', '--max-old-space-size=6144'],
      });
      children.push(child);
      let current = -1;
      const give = (): void => {
        const incident = incidents[next];
        if (incident === undefined) return resolve();
        current = next;
        next += 1;
        child.send({ incident, options: { seed, schedules, policies } });
      };
      child.on('message', (word: WorkerWord) => {
        if (word.kind === 'failed') {
          return reject(new Error(`${incidents[current]?.id}: ${word.message}`));
        }
        if (word.kind === 'played') {
          results.set(current, word.result);
          onPlayed(results.size);
        }
        give();
      });
      child.once('exit', (code) => reject(new Error(`A worker ended with ${code}`)));
    });
  try {
    await Promise.all(Array.from({ length: workers }, work));
  } finally {
    for (const child of children) {
      child.removeAllListeners('exit');
      child.disconnect();
    }
  }
  return inOrder(incidents, results);
}

function inOrder(
  incidents: readonly Incident[],
  results: ReadonlyMap<number, readonly PlayReport[] | NotRun>,
): Played {
  const plays: PlayReport[] = [];
  const notRun: NotRun[] = [];
  for (const [index] of incidents.entries()) {
    const result = results.get(index);
    if (result === undefined) continue;
    if ('reason' in result) notRun.push(result);
    else plays.push(...result);
  }
  return { plays, notRun };
}
