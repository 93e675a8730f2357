import type { HardcapError } from '../errors/error.ts';
import type { StepHold } from '../guard/expect/step-hold.ts';

/** How long a step waits for a shared ledger to ask its store. */
const STEP_WAIT_MS_MAX = 1_000;
const STEP_RETRY_MS = 10;

/**
 * Counts what has come and holds for the next step where it is due. The error with which the answer
 * must stop; `undefined`: it goes on.
 */
export async function keptAhead(
  steps: StepHold,
  chunk: Uint8Array,
): Promise<HardcapError | undefined> {
  steps.push(chunk);
  for (let waitedMs = 0; ; waitedMs += STEP_RETRY_MS) {
    const lead = steps.lead();
    if (lead.kind === 'ahead') return undefined;
    if (lead.kind === 'stop' || waitedMs >= STEP_WAIT_MS_MAX) return lead.error;
    await new Promise((resolve) => setTimeout(resolve, STEP_RETRY_MS));
  }
}
