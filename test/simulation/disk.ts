/** A holder's journal in a simulated file, and what can be proved from what is left of it. */

import type {
  HolderJournal,
  HolderRecord,
  HolderSnapshot,
  JournalProof,
} from '../../src/ledger/leases/ports.ts';
import { sumsOf, type Sums } from '../../src/ledger/leases/sums.ts';
import type { Account } from '../../src/ledger/account.ts';
import type { InDoubt } from '../../src/ledger/leases/message.ts';
import { addTo, takeFrom, type MutableSums } from './truth.ts';
import type { Random } from './random.ts';

/** Records that the system writes to the disk together, some time later. */
const FLUSHED_TOGETHER = 25;

/** Records after which a journal begins a new file. */
const COMPACTED_AFTER = 200;

/** What a journal's file can be told. */
export interface DiskOptions {
  readonly random: Random;
  /** Part of records that fail. */
  readonly failure: number;
}

/** A journal whose records outlive the process, and of which a reboot loses the tail. */
export class DiskJournal implements HolderJournal {
  isDiscarded = false;
  failures = 0;
  #base: Base = { spent: [], open: [] };
  #lines: Line[] = [];
  #snapshot: (() => HolderSnapshot) | undefined;
  #isProcessGone = false;
  readonly #options: DiskOptions;

  constructor(options: DiskOptions) {
    this.#options = options;
  }

  record(record: HolderRecord): void {
    if (this.#isProcessGone) throw new Error('this process ended: it writes no more');
    if (this.#options.random.chance(this.#options.failure)) {
      this.failures += 1;
      throw new Error('ENOSPC: no space left on the simulated device');
    }
    if (this.#lines.length >= COMPACTED_AFTER && this.#snapshot !== undefined) {
      this.#base = baseOf(this.#snapshot());
      this.#lines = [];
    }
    this.#lines.push(lineOf(record));
  }

  attach(snapshot: () => HolderSnapshot): void {
    this.#snapshot = snapshot;
  }

  discard(): void {
    this.isDiscarded = true;
  }

  /** The process is killed: what it wrote stays. */
  kill(): void {
    this.#isProcessGone = true;
  }

  /** The host goes down: what was not flushed is gone. */
  reboot(): void {
    this.#isProcessGone = true;
    const kept = Math.floor(this.#lines.length / FLUSHED_TOGETHER) * FLUSHED_TOGETHER;
    this.#lines = this.#lines.slice(0, kept);
  }

  /** What the records say: totals by account, with open calls at their bound. */
  prove(): Pick<JournalProof, 'finals' | 'inDoubt'> {
    return fold(this.#base, this.#lines);
  }
}

/** What a record says, copied when it is written: nothing that changes later can reach it. */
interface Line {
  readonly kind: HolderRecord['kind'];
  readonly id: string;
  readonly at: InDoubt['at'];
  readonly amounts: Sums;
  readonly replaced: Sums;
  readonly accounts: readonly Account[];
}

interface Base {
  readonly spent: readonly (readonly [account: Account, sums: Sums])[];
  readonly open: readonly Line[];
}

const NOTHING: Sums = [0, 0, 0];

function lineOf(record: HolderRecord): Line {
  const { kind, id, at } = record;
  const line = { kind, id, at, amounts: NOTHING, replaced: NOTHING, accounts: [] };
  switch (record.kind) {
    case 'reserved':
      return { ...line, amounts: sumsOf(record.amounts), accounts: record.accounts };
    case 'extended':
      return { ...line, amounts: sumsOf(record.by) };
    case 'settled':
      return { ...line, amounts: sumsOf(record.amounts) };
    case 'released':
    case 'expired':
      return line;
    case 'adjusted': {
      const [amounts, replaced] = [sumsOf(record.amounts), sumsOf(record.replaced)];
      return { ...line, amounts, replaced, accounts: record.accounts };
    }
  }
}

function baseOf({ spent, open }: HolderSnapshot): Base {
  return {
    spent: spent.map(({ account, amounts }) => [account, sumsOf(amounts)]),
    open: open.map((call) => lineOf({ kind: 'reserved', ...call })),
  };
}

interface Open {
  readonly at: InDoubt['at'];
  readonly held: MutableSums;
  readonly accounts: readonly Account[];
}

function fold(base: Base, lines: readonly Line[]): Pick<JournalProof, 'finals' | 'inDoubt'> {
  const spent = new Map<string, { readonly account: Account; readonly sums: MutableSums }>();
  const open = new Map<string, Open>();
  const book = (account: Account, sums: Sums): MutableSums => {
    const found = spent.get(keyOf(account)) ?? { account, sums: [0, 0, 0] };
    addTo(found.sums, sums);
    spent.set(keyOf(account), found);
    return found.sums;
  };
  for (const [account, sums] of base.spent) book(account, sums);
  for (const { kind, id, at, amounts, replaced, accounts } of [...base.open, ...lines]) {
    const known = open.get(id);
    if (kind === 'reserved') open.set(id, { at, held: [...amounts], accounts });
    else if (kind === 'adjusted') {
      for (const account of accounts) takeFrom(book(account, amounts), replaced);
    } else if (known !== undefined && kind === 'extended') addTo(known.held, amounts);
    else if (known !== undefined) {
      open.delete(id);
      const booked = kind === 'expired' ? known.held : amounts;
      for (const account of known.accounts) book(account, booked);
    }
  }
  for (const { held, accounts } of open.values()) {
    for (const account of accounts) book(account, held);
  }
  return {
    finals: [...spent.values()].map(({ account, sums }) => ({ account, spent: sums })),
    inDoubt: [...open].map(([id, { at, held, accounts }]) => {
      return { id, at, amounts: held, keys: accounts.map(keyOf) };
    }),
  };
}

function keyOf({ parts }: Account): string {
  return parts.at(-1)!.key;
}
