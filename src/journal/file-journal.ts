import { ConfigError, OperationError } from '../errors/error.ts';
import type { HolderIdentity } from '../ledger/leases/message.ts';
import type { HolderJournal, HolderRecord, HolderSnapshot } from '../ledger/leases/ports.ts';
import { isNameable, listSegments, makeDirectory, removeSegments } from './journal-files.ts';
import { Segment } from './segment.ts';

/** Bytes after which a journal begins a new file, unless configured otherwise: 64 MiB. */
export const SEGMENT_BYTES_DEFAULT = 64 * 1024 * 1024;

/** What a file journal is told when it is opened. */
export interface FileJournalOptions {
  /** On a local disk of this host. Made when it is not there, for this user only. */
  readonly directory: string;
  /** Who writes it: stands in its first line and in its name. */
  readonly identity: HolderIdentity;
  /** Bytes of records after which a new file begins with the state at that moment. */
  readonly segmentBytesMax?: number | undefined;
}

/**
 * Opens the journal of one holder as a file. Each record is in the page cache of the host when
 * `record` returns, so it outlives this process by any death, but not the boot of the host:
 * `readJournal` says whose it is, and recovery trusts it on that boot only.
 *
 * A record that cannot be written (no room, an error of the disk) throws `STORE_UNAVAILABLE` and is
 * taken out of the file again; later ones are written as soon as that works. Should taking it out
 * fail too, nothing is recorded any more. Throws `CONFIG_INVALID` for a holder's id that cannot
 * stand in a file's name and for a size that is no positive integer, and what the file system
 * throws when the file cannot be made.
 */
export function openFileJournal(options: FileJournalOptions): HolderJournal {
  return new FileJournal(options);
}

class FileJournal implements HolderJournal {
  readonly #directory: string;
  readonly #identity: HolderIdentity;
  readonly #segmentBytesMax: number;
  #segment: Segment | undefined;
  #number = 1;
  /** Size of the file at which the next one begins. */
  #nextAt: number;
  #snapshot: (() => HolderSnapshot) | undefined;
  #fault: unknown;

  constructor({
    directory,
    identity,
    segmentBytesMax = SEGMENT_BYTES_DEFAULT,
  }: FileJournalOptions) {
    if (!isNameable(identity.holder)) {
      const reason = 'it must be 1 to 128 letters, digits, hyphens and underscores';
      throw new ConfigError({ field: 'identity.holder', value: identity.holder, reason });
    }
    if (!Number.isSafeInteger(segmentBytesMax) || segmentBytesMax < 1) {
      const reason = 'it must be a positive integer';
      throw new ConfigError({ field: 'segmentBytesMax', value: segmentBytesMax, reason });
    }
    this.#directory = directory;
    this.#identity = identity;
    this.#segmentBytesMax = segmentBytesMax;
    makeDirectory(directory);
    this.#segment = this.#openSegment(this.#number, undefined);
    this.#nextAt = this.#segment.bytes + segmentBytesMax;
  }

  record(record: HolderRecord): void {
    if (this.#fault !== undefined) throw unavailable('two of its files may be read', this.#fault);
    if (this.#segment === undefined) throw unavailable('it was discarded', undefined);
    if (this.#segment.bytes >= this.#nextAt) this.#beginNext(this.#segment);
    this.#segment.record(record);
  }

  attach(snapshot: () => HolderSnapshot): void {
    this.#snapshot = snapshot;
  }

  discard(): void {
    const segment = this.#segment;
    this.#segment = undefined;
    try {
      segment?.close();
    } finally {
      removeSegments(this.#directory, this.#identity.holder);
    }
  }

  /** Begins a new file with the present state, and only then drops the old one. */
  #beginNext(old: Segment): void {
    const snapshot = this.#snapshot;
    if (snapshot === undefined) return;
    let next: Segment;
    try {
      next = this.#openSegment(this.#number + 1, snapshot());
    } catch (cause) {
      // The old file goes on, provided that nobody can take the new one for its successor.
      if (this.#isThere(this.#number + 1)) this.#fault = cause;
      this.#nextAt = old.bytes + this.#segmentBytesMax;
      return;
    }
    this.#number++;
    this.#segment = next;
    this.#nextAt = next.bytes + this.#segmentBytesMax;
    drop(old);
  }

  #openSegment(segment: number, snapshot: HolderSnapshot | undefined): Segment {
    return new Segment({ directory: this.#directory, identity: this.#identity, segment }, snapshot);
  }

  /** Whether a segment may be there: also when nobody can say. */
  #isThere(segment: number): boolean {
    try {
      const { holder } = this.#identity;
      const files = listSegments(this.#directory);
      return files.some((file) => file.holder === holder && file.segment === segment);
    } catch {
      // A folder that cannot be read may hold it.
      return true;
    }
  }
}

/** The new file stands for the old one, which may stay until the journal is discarded. */
function drop(old: Segment): void {
  try {
    old.remove();
  } catch {
    // Reading takes the newest whole file.
  }
}

function unavailable(why: string, cause: unknown): OperationError {
  const message = `The journal cannot be written: ${why}. Nothing was recorded.`;
  return new OperationError('STORE_UNAVAILABLE', message, { cause });
}
