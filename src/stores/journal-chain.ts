import { createHash } from 'node:crypto';
import type { JournalEntry } from '../ledger/leases/operation.ts';

/** What stands as `previous` in the first record of a journal: 64 zeros. */
export const JOURNAL_ROOT = '0'.repeat(64);

/** The record that follows `last` (`undefined` for none) in a journal chained by hashes. */
export function nextEntry(
  last: Pick<JournalEntry, 'seq' | 'hash'> | undefined,
  body: string,
): JournalEntry {
  const previous = last?.hash ?? JOURNAL_ROOT;
  return { seq: (last?.seq ?? 0) + 1, previous, hash: hashOf(previous, body), body };
}

/**
 * What is wrong with a journal read from its beginning; empty when every record is as it was
 * written and none is missing before the last.
 */
export function verifyJournal(entries: Iterable<JournalEntry>): readonly string[] {
  const faults: string[] = [];
  let last: JournalEntry | undefined;
  for (const entry of entries) {
    const expected = nextEntry(last, entry.body);
    if (entry.seq !== expected.seq) faults.push(`record ${expected.seq} is missing`);
    if (entry.previous !== expected.previous)
      faults.push(`record ${entry.seq} follows another one`);
    if (entry.hash !== hashOf(entry.previous, entry.body)) {
      faults.push(`record ${entry.seq} was changed`);
    }
    last = entry;
  }
  return faults;
}

function hashOf(previous: string, body: string): string {
  return createHash('sha256').update(`${previous}\n${body}`).digest('hex');
}
