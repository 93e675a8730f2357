import { needlessOf, type Report } from '../report/results.ts';
import { UNEXPLAINED, type RunResult } from '../replay/result.ts';

/** One thing that hardcap got wrong in one run. */
export interface Fault {
  readonly id: string;
  readonly variant: string;
  readonly policy: string;
  readonly schedule: string;
  readonly what: string;
}

/**
 * All that must not be, over the plays that the promise covers: spend above the cap, an open hold
 * at rest, an untyped refusal at the root, a needless refusal that no rule explains, a closing call
 * that did not run; and, for every policy, a bill that the oracle's own sum does not match and
 * failures that the play does not explain.
 */
export function faultsOf(report: Report): readonly Fault[] {
  const faults: Fault[] = [];
  for (const play of report.plays) {
    for (const run of play.runs) {
      const whats = [...brokenIn(run), ...(play.outside === null ? wrongIn(run) : [])];
      for (const what of whats) {
        const { policy, schedule } = run;
        faults.push({ id: play.id, variant: play.variant, policy, schedule, what });
      }
    }
  }
  return faults;
}

/** What makes any run worthless as evidence. */
function brokenIn(run: RunResult): readonly string[] {
  const whats: string[] = [];
  if (!run.agrees) whats.push("the oracle's sum is not the provider's bill");
  for (const error of run.unexpected) whats.push(`a call failed that should not: ${error}`);
  return whats;
}

/** What hardcap must never do. */
function wrongIn(run: RunResult): readonly string[] {
  const whats: string[] = [];
  if (!run.policy.startsWith('hardcap')) return whats;
  if (run.fullestNano > run.capNano) {
    whats.push(`${run.fullestNano} of ${run.capNano} nano-dollars were spent`);
  }
  if (run.openHolds > 0) whats.push(`${run.openHolds} holds are open at rest`);
  if (run.isTypedAtRoot === false) whats.push('the root saw no typed refusal');
  if (run.wrappedUp === false) whats.push('the closing call did not run');
  const unexplained = run.needless[UNEXPLAINED] ?? 0;
  if (unexplained > 0) {
    whats.push(`${unexplained} of ${needlessOf(run)} needless refusals are not explained`);
  }
  return whats;
}
