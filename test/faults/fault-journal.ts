import type { HolderJournal } from '../../src/ledger/leases/ports.ts';

/** A journal that fails, and how often it did. */
export interface FaultJournal extends HolderJournal {
  /** Records asked for so far, failed ones too. */
  readonly writes: () => number;
}

/**
 * Wraps a journal: throws at the writes for which `isFailing` says so, the first being 1. Such a
 * record never reaches the journal, as on a disk that is full.
 */
export function createFaultJournal(
  journal: HolderJournal,
  isFailing: (write: number) => boolean,
): FaultJournal {
  let writes = 0;
  return {
    writes: () => writes,
    record: (record) => {
      writes += 1;
      if (isFailing(writes)) throw new Error('ENOSPC: no space left on device, write');
      journal.record(record);
    },
    attach: (snapshot) => journal.attach(snapshot),
    discard: () => journal.discard(),
  };
}

/**
 * What a crash in the middle of a write leaves of a journal's file: all but the last bytes of its
 * last line. `part` says how much of that line is left, from 0 to less than 1.
 */
export function tornTail(file: Uint8Array, part: number): Uint8Array {
  const end = file.at(-1) === LINE_FEED ? file.length - 1 : file.length;
  const begin = file.lastIndexOf(LINE_FEED, end - 1) + 1;
  return file.slice(0, begin + Math.floor((end - begin) * part));
}

const LINE_FEED = 0x0a;
