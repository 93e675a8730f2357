import type { Play } from '../replay/play.ts';
import { runTree } from '../replay/tree.ts';
import { callCostNano } from '../replay/truth.ts';

class DoesNotFit extends Error {}

/**
 * What a guard with perfect foresight would let through, one call after the other in the order of
 * the catalogue: each that fits by its true cost, until one does not. Nano-dollars.
 */
export async function bestNano(play: Play): Promise<bigint> {
  const cap = BigInt(Math.round((play.capUsd || 0) * 1e9));
  const spent = new Map<number, bigint>();
  const inOrder = { name: 'as-given', startMs: () => 0, latencyMs: () => 0 } as const;
  const wholeLife = { ...play, host: 'memory', isRetryStorm: false } as const;
  const run = runTree(wholeLife, inOrder, {
    within: (_scopes, fn) => fn(),
    isOver: () => false,
    make: (call) => {
      const before = spent.get(call.window) ?? 0n;
      const after = before + callCostNano(call);
      if (after > cap) return Promise.reject(new DoesNotFit());
      spent.set(call.window, after);
      return Promise.resolve(true);
    },
  });
  await run.catch((error: unknown) => {
    if (!(error instanceof DoesNotFit)) throw error;
  });
  let total = 0n;
  for (const nano of spent.values()) total += nano;
  return total;
}
