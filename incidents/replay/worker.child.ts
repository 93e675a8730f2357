import type { Incident } from '../catalogue/incident.ts';
import { playIncident, type JobOptions } from './jobs.ts';

/** A process that plays what it is sent, one scenario at a time, and sends back what became of it. */

/** What a worker is sent. */
export interface WorkerTask {
  readonly incident: Incident;
  readonly options: JobOptions;
}

process.on('message', (task: WorkerTask) => {
  playIncident(task.incident, task.options).then(
    (result) => process.send?.({ kind: 'played', result }),
    (error: unknown) => process.send?.({ kind: 'failed', message: describe(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
process.send?.({ kind: 'ready' });

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
