import type { PlannedCall, Play, TrueUsage } from './play.ts';
import { PROFILES, type Tariff } from './prices.ts';

/**
 * What a call truly costs, in whole nano-dollars: the oracle's own arithmetic, which shares nothing
 * with the emulator's or the guard's. Every run holds it against the bill.
 */
export function trueCostNano(usage: TrueUsage, tariff: Tariff): bigint {
  const { input, output, cacheRead, cacheWrite } = PROFILES[tariff.profile];
  const prompt = usage.input + usage.cacheRead + usage.cacheWrite;
  const factor = tariff.doubleAbove !== undefined && prompt > tariff.doubleAbove ? 2n : 1n;
  const tokens =
    BigInt(usage.input) * BigInt(input) +
    BigInt(usage.cacheRead) * BigInt(cacheRead) +
    BigInt(usage.cacheWrite) * BigInt(cacheWrite) +
    BigInt(usage.output) * BigInt(output);
  const pico = tokens * factor + BigInt(usage.units) * BigInt(tariff.picoPerUnit ?? 0);
  return (pico + 999n) / 1_000n;
}

/** What a call that nobody holds back costs. */
export function callCostNano(call: PlannedCall): bigint {
  return isBilled(call) ? trueCostNano(call.usage, call.billed) : 0n;
}

/** Whether the provider charges for it: not what it turns down before it generates. */
export function isBilled({ fault }: PlannedCall): boolean {
  if (fault === undefined) return true;
  if (fault.kind === 'status') return fault.billed === true;
  if (fault.kind === 'reset-before-response' || fault.kind === 'reset-after-headers') {
    return fault.billed !== false;
  }
  return true;
}

/** How often each actor is there: instances multiply down the tree. */
export function instancesOf(play: Play): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { id, parent, n } of play.actors) {
    counts.set(id, n * (parent === undefined ? 1 : (counts.get(parent) ?? 1)));
  }
  return counts;
}

/** The cost of the whole scenario when nobody holds anything back. */
export function unprotectedNano(play: Play): bigint {
  const instances = instancesOf(play);
  let total = 0n;
  for (const { actor, calls } of play.rows) {
    const times = BigInt(instances.get(actor) ?? 1);
    for (const call of calls) total += callCostNano(call) * times;
  }
  return total;
}
