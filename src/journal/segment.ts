import {
  closeSync,
  constants,
  fsyncSync,
  ftruncateSync,
  openSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { OperationError, invariant } from '../errors/error.ts';
import type { Account } from '../ledger/account.ts';
import type { HolderIdentity } from '../ledger/leases/message.ts';
import type { HolderRecord, HolderSnapshot } from '../ledger/leases/ports.ts';
import { segmentPath, syncDirectory } from './journal-files.ts';
import { LineBuffer } from './journal-line.ts';
import {
  NONE,
  TEXT_OF_WHOLE,
  textOfAccount,
  textOfBrought,
  textOfHeader,
  textOfRecord,
} from './record-text.ts';

/** Bytes of a snapshot that are gathered before they are written. */
const SNAPSHOT_BYTES = 64 * 1024;

const NEW_FILE = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_EXCL;

/** Where a segment goes, and whose it is. */
export interface SegmentPlace {
  readonly directory: string;
  readonly identity: HolderIdentity;
  readonly segment: number;
}

/**
 * One append-only file of a journal. What `record` wrote is whole in the file, or not there at all;
 * once that cannot be said any more, nothing is recorded here again.
 */
export class Segment {
  readonly #path: string;
  readonly #descriptor: number;
  readonly #lines = new LineBuffer();
  /** Numbers of the accounts that this file names, by key. */
  readonly #numbers = new Map<string, number>();
  /** Keys named by the record at hand, to be forgotten should it not be kept. */
  readonly #named: string[] = [];
  #lineCount = 0;
  #bytes = 0;
  #fault: unknown;

  /**
   * Makes the file with all of the snapshot in it, and its name lasting. On a failure it is removed
   * again; where that fails too, it may be left.
   */
  constructor(place: SegmentPlace, snapshot: HolderSnapshot | undefined) {
    const { directory, identity, segment } = place;
    this.#path = segmentPath(directory, identity.holder, segment);
    this.#descriptor = openSync(this.#path, NEW_FILE, 0o600);
    try {
      this.#lines.add(textOfHeader({ segment, identity }));
      if (snapshot !== undefined) this.#addSnapshot(snapshot);
      // The mark goes alone and last: with it this file stands for all before it.
      this.#write();
      fsyncSync(this.#descriptor);
      syncDirectory(directory);
      this.#addLine(TEXT_OF_WHOLE);
      this.#write();
    } catch (cause) {
      this.remove();
      throw cause;
    }
  }

  /** Bytes in the file. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Writes one record. Throws `STORE_UNAVAILABLE` when the file is as it was before, or when it
   * cannot be told what is in it; then it throws for ever.
   */
  record(record: HolderRecord): void {
    if (this.#fault !== undefined) throw unavailable('The journal is damaged.', this.#fault);
    const lineCount = this.#lineCount;
    this.#named.length = 0;
    try {
      const accounts = 'accounts' in record ? this.#numbersOf(record.accounts) : '';
      this.#addLine(textOfRecord(record, accounts));
      this.#write();
    } catch (cause) {
      for (const key of this.#named) this.#numbers.delete(key);
      this.#lineCount = lineCount;
      this.#lines.length = 0;
      throw unavailable('The journal cannot be written.', cause);
    }
  }

  /** Closes the file and leaves it where it is. */
  close(): void {
    closeSync(this.#descriptor);
  }

  /** Closes the file and removes it. */
  remove(): void {
    try {
      closeSync(this.#descriptor);
    } finally {
      rmSync(this.#path, { force: true });
    }
  }

  #addSnapshot({ spent, open }: HolderSnapshot): void {
    for (const { account, amounts } of spent) {
      this.#addLine(textOfBrought(this.#numberOf(account), amounts));
      this.#writeMuch();
    }
    for (const reservation of open) {
      const accounts = this.#numbersOf(reservation.accounts);
      this.#addLine(textOfRecord({ kind: 'reserved', ...reservation }, accounts));
      this.#writeMuch();
    }
  }

  #addLine(text: string): void {
    this.#lines.add(`${this.#lineCount + 1} ${text}`);
    this.#lineCount++;
  }

  #numbersOf(accounts: readonly Account[]): string {
    let text = '';
    for (const account of accounts) {
      const number = this.#numberOf(account);
      text = text === '' ? `${number}` : `${text},${number}`;
    }
    return text === '' ? NONE : text;
  }

  /** The number of an account; one that is new gets a line that names it. */
  #numberOf(account: Account): number {
    const { parts } = account;
    const key = parts[parts.length - 1]?.key;
    invariant(key !== undefined, 'an account has at least one window part');
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.#numbers.size;
    this.#addLine(textOfAccount(number, account));
    this.#numbers.set(key, number);
    this.#named.push(key);
    return number;
  }

  #writeMuch(): void {
    this.#named.length = 0;
    if (this.#lines.length >= SNAPSHOT_BYTES) this.#write();
  }

  /** Writes the lines that were added; takes back what came into the file of them on a failure. */
  #write(): void {
    const { bytes, length } = this.#lines;
    try {
      const written = writeSync(this.#descriptor, bytes, 0, length);
      if (written !== length) throw new Error(`${written} of ${length} bytes were written.`);
    } catch (cause) {
      this.#takeBack(cause);
      throw cause;
    }
    this.#bytes += length;
    this.#lines.length = 0;
  }

  #takeBack(cause: unknown): void {
    try {
      ftruncateSync(this.#descriptor, this.#bytes);
    } catch (second) {
      this.#fault = new AggregateError([cause, second], 'A part of a record may be in the file.');
    }
  }
}

function unavailable(message: string, cause: unknown): OperationError {
  return new OperationError('STORE_UNAVAILABLE', `${message} Nothing was recorded.`, { cause });
}
