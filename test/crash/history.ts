/** Random histories of a holder, and what they mean, told without a journal. */

import type { Account, Amounts } from '../../src/ledger/account.ts';
import type { HolderIdentity, InDoubt } from '../../src/ledger/leases/message.ts';
import type { HolderJournal, HolderRecord, HolderSnapshot } from '../../src/ledger/leases/ports.ts';
import type { Sums } from '../../src/ledger/leases/sums.ts';
import { NOON, accountOf, amountsOf } from '../../src/stores/conformance/orders.ts';
import { randomOf } from '../simulation/random.ts';

/** Ids that people choose: with spaces, quotes, line feeds, no letter at all. */
const STRANGE = [
  '',
  ' ',
  'a b',
  '"x"',
  'line\nfeed',
  'tab\t',
  'ключ',
  '💸',
  '\uD800',
  '\\u0020',
  '-',
];

/** A holder in tests: of the given boot, or of one long gone. */
export function identityOf(said: Partial<HolderIdentity> = {}): HolderIdentity {
  const place = {
    host: 'a host',
    boot: 'some boot',
    pid: 77,
    incarnation: 'ns/1 2',
    journal: null,
  };
  return { holder: 'h-1', ...place, openedAt: NOON, ...said };
}

/** What a holder may have spent, folded straight from records; in key and id order. */
export interface Meaning {
  readonly finals: readonly (readonly [key: string, spent: Sums])[];
  readonly inDoubt: readonly InDoubt[];
}

interface Entry {
  readonly at: HolderRecord['at'];
  readonly accounts: readonly Account[];
  amounts: Amounts;
}

/** Makes records one after the other, and knows what they mean. */
export class History {
  readonly #random;
  readonly #accounts: readonly Account[];
  readonly #spent = new Map<string, { readonly account: Account; sums: Sums }>();
  readonly #open = new Map<string, Entry>();
  readonly #ended = new Map<string, Entry>();
  #count = 0;

  constructor(seed: string) {
    this.#random = randomOf(seed);
    this.#accounts = Array.from({ length: 6 }, (_, index) =>
      accountOf({
        cap: `cap ${index}`,
        scope: `customer:${STRANGE[index]}`,
        ceiling: { usd: 9e9 },
      }),
    );
  }

  /** The next record; it counts only when `keep` is called with it. */
  next(): HolderRecord {
    const random = this.#random;
    this.#count += 1;
    const at = NOON;
    const amounts = amountsOf({ usd: random.below(1e9), tokens: random.below(5000), calls: 1 });
    const open = [...this.#open.keys()];
    const id = open[random.below(Math.max(1, open.length))];
    const reason = STRANGE[random.below(STRANGE.length)]!;
    if (id === undefined || open.length < 3 || random.chance(0.4)) {
      const accounts = this.#accounts.filter(() => random.chance(0.6));
      const id = `${STRANGE[this.#count % STRANGE.length]}${this.#count}`;
      return { kind: 'reserved', id, at, amounts, accounts };
    }
    const [ended] = this.#ended;
    const kind = random.below(5);
    if (kind === 0) return { kind: 'extended', id, at, by: amounts };
    if (kind === 1) return { kind: 'settled', id, at, amounts };
    if (kind === 2) return { kind: 'released', id, at, reason };
    if (kind === 3 || ended === undefined) return { kind: 'expired', id, at, reason };
    const [reservationId, { amounts: replaced, accounts }] = ended;
    const common = { at, replaced, amounts, accounts, reason };
    return { kind: 'adjusted', id: `fix ${this.#count}`, reservationId, ...common };
  }

  /** The record was made. */
  keep(record: HolderRecord): void {
    switch (record.kind) {
      case 'reserved': {
        const { at, accounts, amounts } = record;
        this.#open.set(record.id, { at, accounts, amounts });
        return;
      }
      case 'extended': {
        const entry = this.#open.get(record.id)!;
        const { usd, tokens, calls } = entry.amounts;
        const { by } = record;
        entry.amounts = amountsOf({
          usd: usd + by.usd,
          tokens: tokens + by.tokens,
          calls: calls + by.calls,
        });
        return;
      }
      case 'settled':
        return this.#end(record.id, () => record.amounts);
      case 'released':
        return this.#end(record.id, () => amountsOf({}));
      case 'expired':
        return this.#end(record.id, ({ amounts }) => amounts);
      case 'adjusted': {
        const entry = this.#ended.get(record.reservationId)!;
        for (const account of entry.accounts) {
          this.#book(account, record.replaced, -1);
          this.#book(account, record.amounts, 1);
        }
        entry.amounts = record.amounts;
        return;
      }
    }
  }

  /** The present state, as a holder hands it to its journal. */
  snapshot(): HolderSnapshot {
    return {
      spent: [...this.#spent.values()].map(({ account, sums: [usd, tokens, calls] }) => ({
        account,
        amounts: amountsOf({ usd, tokens, calls }),
      })),
      open: [...this.#open].map(([id, { at, amounts, accounts }]) => ({
        id,
        at,
        amounts,
        accounts,
      })),
    };
  }

  /** What was kept so far means. */
  meaning(): Meaning {
    const totals = new Map([...this.#spent].map(([key, { sums }]) => [key, sums]));
    for (const { accounts, amounts } of this.#open.values()) {
      for (const account of accounts) {
        const key = account.parts.at(-1)!.key;
        totals.set(key, added(totals.get(key) ?? [0, 0, 0], amounts, 1));
      }
    }
    const inDoubt = [...this.#open].map(([id, { at, amounts, accounts }]) => ({
      id,
      at,
      amounts: [amounts.usd, amounts.tokens, amounts.calls] as Sums,
      keys: accounts.map(({ parts }) => parts.at(-1)!.key),
    }));
    return sorted({ finals: [...totals], inDoubt });
  }

  #end(id: string, spentBy: (entry: Entry) => Amounts): void {
    const entry = this.#open.get(id)!;
    entry.amounts = spentBy(entry);
    for (const account of entry.accounts) this.#book(account, entry.amounts, 1);
    this.#open.delete(id);
    this.#ended.set(id, entry);
  }

  #book(account: Account, amounts: Amounts, sign: 1 | -1): void {
    const key = account.parts.at(-1)!.key;
    const sums = added(this.#spent.get(key)?.sums ?? [0, 0, 0], amounts, sign);
    this.#spent.set(key, { account, sums });
  }
}

/** Makes so many records in the journal; what they mean after each, the first after none. */
export function write(journal: HolderJournal, history: History, count: number): Meaning[] {
  const meanings = [history.meaning()];
  for (let made = 0; made < count; made += 1) {
    const record = history.next();
    journal.record(record);
    history.keep(record);
    meanings.push(history.meaning());
  }
  return meanings;
}

/** The same in one order, without accounts on which nothing was spent. */
export function sorted({ finals, inDoubt }: Meaning): Meaning {
  const isSpent = ([, sums]: readonly [string, Sums]) => sums.some((sum) => sum > 0);
  return {
    finals: finals.filter(isSpent).toSorted(([left], [right]) => (left < right ? -1 : 1)),
    inDoubt: inDoubt.toSorted((left, right) => (left.id < right.id ? -1 : 1)),
  };
}

function added([usd, tokens, calls]: Sums, by: Amounts, sign: 1 | -1): Sums {
  return [usd + sign * by.usd, tokens + sign * by.tokens, calls + sign * by.calls];
}
