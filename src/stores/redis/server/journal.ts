import type { DoubtState, JournalEntry } from '../../../ledger/leases/operation.ts';
import { nextEntry } from '../../journal-chain.ts';
import { texts, unavailable } from './driver.ts';
import type { Server } from './server.ts';

/** A record to append, once for each `field`. */
export interface JournalRecord {
  /** `o:` and the id of an order, or `c:` and the name of a holder that was closed. */
  readonly field: string;
  /** The order as it was given, to know its repeat; may be empty. */
  readonly text: string;
  readonly body: string;
  /** The doubt that this ends. */
  readonly resolves: string | null;
  readonly doubts: readonly DoubtState[];
}

const APPENDS_MAX = 200;

/** The journal of the store and the calls in doubt, in one slot. */
export class StoreJournal {
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
  }

  /** Appends behind whatever is last; false for a record that was there already. */
  async append({ field, text, body, resolves, doubts }: JournalRecord): Promise<boolean> {
    const { keys } = this.#server;
    const parts = ['entries', 'head', 'orders', 'doubts', 'claims'] as const;
    const at = parts.map((part) => keys.journal(part));
    let last: Pick<JournalEntry, 'seq' | 'hash'> | undefined = await this.#head();
    for (let tries = 0; tries < APPENDS_MAX; tries += 1) {
      const entry = nextEntry(last, body);
      const said = {
        field,
        text,
        previous: last?.hash ?? '',
        seq: String(entry.seq),
        hash: entry.hash,
        entry: JSON.stringify(entry),
        ...(resolves === null ? {} : { resolves }),
        doubts: doubts.map((doubt) => [doubt.id, JSON.stringify(doubt)]),
      };
      const [told = []] = await this.#server.asks([{ script: 'record', keys: at, said }]);
      if (told[0] !== 'moved') return told[0] === 'ok';
      last = { seq: Number(told[1]), hash: told[2] ?? '' };
    }
    throw unavailable(`the journal moved on each of ${APPENDS_MAX} times it was appended to`);
  }

  /** The records after record `after`. */
  async entries(after: number): Promise<readonly JournalEntry[]> {
    const key = this.#server.keys.journal('entries');
    const [lines] = await this.#server.reads([() => ['LRANGE', key, String(after), '-1']]);
    return texts(lines).map((line): JournalEntry => JSON.parse(line));
  }

  /** Calls in doubt, oldest first. */
  async doubts(): Promise<readonly DoubtState[]> {
    const key = this.#server.keys.journal('doubts');
    const [found] = await this.#server.reads([() => ['HVALS', key]]);
    return texts(found)
      .map((line) => {
        const end = line.indexOf(' ');
        const doubt: DoubtState = JSON.parse(line.slice(end + 1));
        return { place: Number(line.slice(0, end)), doubt };
      })
      .toSorted((left, right) => left.place - right.place)
      .map(({ doubt }) => doubt);
  }

  async #head(): Promise<Pick<JournalEntry, 'seq' | 'hash'> | undefined> {
    const key = this.#server.keys.journal('head');
    const [found] = await this.#server.reads([() => ['HMGET', key, 'seq', 'hash']]);
    const [seq = '', hash = ''] = texts(found);
    return hash === '' ? undefined : { seq: Number(seq), hash };
  }
}
