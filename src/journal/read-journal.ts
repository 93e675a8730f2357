import { closeSync, openSync, readSync } from 'node:fs';
import type { HolderIdentity, InDoubt } from '../ledger/leases/message.ts';
import type { JournalProof } from '../ledger/leases/ports.ts';
import { JournalFold } from './fold.ts';
import { listSegments, type SegmentFile } from './journal-files.ts';
import { RECORD_BYTES_MAX, textOfLine } from './journal-line.ts';
import { headerOf, lineOf } from './record-text.ts';

/** Bytes of a journal that are read at once. */
const CHUNK_BYTES = 1024 * 1024;

const LINE_FEED = 10;

/** What a journal says when it is read back. */
export type JournalReading =
  | {
      readonly kind: 'read';
      readonly proof: JournalProof;
      /** The writer as the first line names it. */
      readonly identity: Omit<HolderIdentity, 'journal'>;
    }
  | { readonly kind: 'missing' }
  /** It proves nothing. `inDoubt` are the calls in flight before the place that is wrong. */
  | { readonly kind: 'corrupt'; readonly reason: string; readonly inDoubt: readonly InDoubt[] };

/**
 * What the journal of a holder proves, once nobody writes it any more.
 *
 * The newest file whose state is whole counts. A last line that was cut off is left out: the
 * request was to leave after it. Any other line that is not as it was written, out of turn, or
 * impossible after the ones before it, makes the journal `corrupt`; so does a file that cannot be
 * read. Whether the proof may be trusted is for the caller to say: only on the boot that wrote it.
 */
export function readJournal(place: {
  readonly directory: string;
  readonly holder: string;
}): JournalReading {
  try {
    const files = listSegments(place.directory).filter(({ holder }) => holder === place.holder);
    let last: JournalReading = { kind: 'missing' };
    for (const file of files) {
      const reading = readSegment(file);
      if (reading.kind !== 'begun') return reading;
      // A crash before its state was whole; everything is in the one before it.
      last = { kind: 'corrupt', reason: `${file.path}: it was only begun`, inDoubt: [] };
    }
    return last;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    return { kind: 'corrupt', reason: `it cannot be read: ${why}`, inDoubt: [] };
  }
}

/** Who wrote a segment, by its first line; `undefined` when that is not as it was written. */
export function readIdentity({ path }: SegmentFile): Omit<HolderIdentity, 'journal'> | undefined {
  for (const { bytes, isCutOff } of linesOf(path)) {
    const text = isCutOff ? undefined : textOfLine(bytes);
    return text === undefined ? undefined : headerOf(text)?.identity;
  }
  return undefined;
}

type SegmentReading = Exclude<JournalReading, { readonly kind: 'missing' }> | { kind: 'begun' };

function readSegment({ path, holder, segment }: SegmentFile): SegmentReading {
  const fold = new JournalFold();
  let identity: Omit<HolderIdentity, 'journal'> | undefined;
  let count = 0;
  const corrupt = (reason: string): SegmentReading => ({
    kind: 'corrupt',
    reason: `${path}, line ${count + 1}: ${reason}`,
    inDoubt: fold.inDoubt(),
  });
  for (const { bytes, isCutOff } of linesOf(path)) {
    if (isCutOff) {
      if (!isWholeBut(bytes)) break;
      return corrupt('its line feed is damaged');
    }
    const text = textOfLine(bytes);
    if (text === undefined) return corrupt('it is not as it was written');
    if (identity === undefined) {
      const header = headerOf(text);
      if (header === undefined) return corrupt('it begins no journal');
      identity = header.identity;
      if (identity.holder !== holder || header.segment !== segment) {
        return corrupt('it begins another journal');
      }
      continue;
    }
    const line = lineOf(text, count + 1);
    if (line === undefined) return corrupt('it is out of turn, or says nothing known');
    const fault = fold.apply(line);
    if (fault !== undefined) return corrupt(fault);
    count++;
  }
  if (identity === undefined || !fold.isWhole) return { kind: 'begun' };
  const { boot } = identity;
  const proof = { holder, boot, finals: fold.finals(), inDoubt: fold.inDoubt() };
  return { kind: 'read', proof, identity };
}

interface FileLine {
  /** Without the line feed. */
  readonly bytes: Buffer;
  /** No line feed came before the end of the file. */
  readonly isCutOff: boolean;
}

/** Whether a rest without line feed is a whole line and one byte: nothing that was cut off. */
function isWholeBut(rest: Buffer): boolean {
  return textOfLine(rest.subarray(0, -1)) !== undefined;
}

/** The lines of a file. Throws when one is longer than any that is written. */
function* linesOf(path: string): Generator<FileLine> {
  const descriptor = openSync(path, 'r');
  try {
    let rest: Buffer = Buffer.alloc(0);
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const length = readSync(descriptor, chunk, 0, CHUNK_BYTES, null);
      if (length === 0) break;
      const read = chunk.subarray(0, length);
      const bytes: Buffer = rest.length === 0 ? read : Buffer.concat([rest, read]);
      let start = 0;
      for (;;) {
        const end = bytes.indexOf(LINE_FEED, start);
        if (end < 0) break;
        yield { bytes: bytes.subarray(start, end), isCutOff: false };
        start = end + 1;
      }
      rest = bytes.subarray(start);
      if (rest.length > RECORD_BYTES_MAX) throw new Error('A line is longer than any record.');
    }
    if (rest.length > 0) yield { bytes: rest, isCutOff: true };
  } finally {
    closeSync(descriptor);
  }
}
