import { CASES, type BillingCase } from './case.ts';
import { alerted, budgetOf, play, type Point, type Run } from './play.ts';

/** Minutes by which a provider's dashboard and its alerts are late: at best, usually, at worst. */
export const LATE_MIN = [10, 20, 30] as const;

/** A case under everything that may stand between it and the bill. */
export interface CaseResult {
  readonly one: BillingCase;
  readonly budgetNano: number;
  readonly uncapped: Run;
  /** Where somebody who sees the bill so late stopped the load. */
  readonly alerts: readonly { readonly lateMin: number; readonly stopped: Point }[];
  /** A cap of the budget, priced by the guard's card. */
  readonly card: Run;
  /** The same where answers state their cost. */
  readonly stated: Run;
}

/** Plays all cases, one after the other. */
export async function playAll(told: (name: string) => void): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = [];
  for (const one of CASES) {
    told(one.name);
    const budgetNano = await budgetOf(one);
    const uncapped = await play(one, { kind: 'nothing' }, budgetNano);
    results.push({
      one,
      budgetNano,
      uncapped,
      alerts: LATE_MIN.map((lateMin) => {
        return { lateMin, stopped: alerted(uncapped, budgetNano, lateMin) };
      }),
      card: await play(one, { kind: 'card' }, budgetNano),
      stated: await play(one, { kind: 'stated' }, budgetNano),
    });
  }
  return results;
}

/** The most that one call is billed in a run: what may stand above a cap that learns by answers. */
export function dearestCall({ points }: Run): number {
  let dearest = 0;
  let before = 0;
  for (const { billedNano } of points) {
    dearest = Math.max(dearest, billedNano - before);
    before = billedNano;
  }
  return dearest;
}
