import { describe, expect, it } from 'vitest';
import { checkInvariants } from '../../src/ledger/invariants.ts';
import type { JournalEvent } from '../../src/ledger/journal.ts';
import type { ConformanceLedger } from '../../src/stores/conformance/suite.ts';
import { ledgerConformance } from '../../src/stores/conformance/suite.ts';
import {
  createMemoryLedger,
  type MemoryLedger,
} from '../../src/stores/memory/books/memory-ledger.ts';

describe('the memory ledger', () => {
  // It dies with its process: `replayed` says what its journal keeps.
  const own = ledgerConformance.filter(({ needs }) => needs !== 'recovered');
  for (const { title, run } of own) {
    it(title, async () => {
      const opened: MemoryLedger[] = [];
      await run(() => open(opened));
      for (const { books } of opened) expect(checkInvariants(books)).toEqual([]);
    });
  }

  it('names every guarantee from L1 to L13 in some title', () => {
    const titles = ledgerConformance.map(({ title }) => title).join('\n');
    for (let number = 1; number <= 13; number += 1) expect(titles).toContain(`L${number}. `);
  });

  it('has no two cases with one title', () => {
    const titles = ledgerConformance.map(({ title }) => title);
    expect(new Set(titles).size).toBe(titles.length);
  });
});

/** A memory ledger whose journal is lines of JSON, as a file would hold them. */
function open(opened: MemoryLedger[]): ConformanceLedger {
  const lines: string[] = [];
  let isFailing = false;
  const ledger = createMemoryLedger({
    journal: (event) => {
      if (isFailing) throw new Error('no space left on device');
      lines.push(JSON.stringify(event));
    },
  });
  opened.push(ledger);
  return {
    ...ledger,
    failWrites: (failing) => {
      isFailing = failing;
    },
    replayed: () => {
      const copy = createMemoryLedger({
        from: lines.map((line) => JSON.parse(line) as JournalEvent),
      });
      opened.push(copy);
      return copy;
    },
  };
}
