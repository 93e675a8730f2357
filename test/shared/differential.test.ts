import { expect, it } from 'vitest';
import { runRandomLeases } from '../../src/stores/conformance/lease-random-cases.ts';
import type { LeaseStore } from '../../src/ledger/leases/lease-store.ts';
import { createMemoryLeaseStore } from '../../src/stores/memory/lease-store.ts';
import { describeEachStore } from './each-store.ts';

/** `HARDCAP_SEEDS=200 npx vitest run test/shared/differential` for a long run. */
const SEEDS = Number(process.env['HARDCAP_SEEDS'] ?? 2);
const STEPS = 250;

describeEachStore('one random sequence of commands', ({ next, open }) => {
  it('is answered to the digit as the memory store answers it', { timeout: 600_000 }, async () => {
    for (let seed = 9_001; seed < 9_001 + SEEDS; seed += 1) {
      const store = await open(next());
      const unit = seed % 2 === 0 ? 1 : 1_099_511_627_791;
      const [wanted, found] = [createMemoryLeaseStore(), store].map(
        async (subject) => await transcript(subject, { seed, unit }),
      );
      expect(await found, `seed ${seed}`).toEqual(await wanted);
    }
  });
});

async function transcript(
  store: LeaseStore,
  { seed, unit }: { readonly seed: number; readonly unit: number },
): Promise<readonly unknown[]> {
  const lines: unknown[] = [];
  const saw = (told: string, reply: unknown): void => {
    lines.push([told, isLost(reply) ? { kind: 'lost' } : reply]);
  };
  await runRandomLeases(store, { seed, steps: STEPS, unit, saw });
  return lines;
}

/** Why something is lost is for people; each store says it in its words. */
function isLost(reply: unknown): boolean {
  return typeof reply === 'object' && reply !== null && 'kind' in reply && reply.kind === 'lost';
}
