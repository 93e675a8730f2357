import { describe, expect, it } from 'vitest';
import { leaseStoreConformance } from '../../src/stores/conformance/lease-suite.ts';
import { createMemoryLeaseStore } from '../../src/stores/memory/lease-store.ts';
import { epochMs } from '../../src/units/time.ts';
import { leaseConformance } from './lease-stores.ts';

describe('the memory lease store', () => {
  leaseConformance(
    () => {
      let now = 1_763_686_800_000;
      return {
        store: createMemoryLeaseStore({ clock: () => epochMs(now)! }),
        pass: (ms) => {
          now += ms;
        },
      };
    },
    { reopened: 'it is lost with its process, and says so' },
  );

  it('names every guarantee from S1 to S10 in some title', () => {
    const titles = leaseStoreConformance.map(({ title }) => title).join('\n');
    for (let number = 1; number <= 10; number += 1) expect(titles).toContain(`S${number}. `);
  });

  it('has no two cases with one title', () => {
    const titles = leaseStoreConformance.map(({ title }) => title);
    expect(new Set(titles).size).toBe(titles.length);
  });
});
