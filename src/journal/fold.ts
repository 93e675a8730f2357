import { invariant } from '../errors/error.ts';
import { AMOUNT_MAX } from '../kernel/arithmetic.ts';
import { lastPart } from '../ledger/account-table.ts';
import type { Account } from '../ledger/account.ts';
import type { InDoubt, SliceFinal } from '../ledger/leases/message.ts';
import { NO_SUMS, plus, type Sums } from '../ledger/leases/sums.ts';
import type { EpochMs } from '../units/time.ts';
import type { JournalLine } from './record-text.ts';

interface OpenCall {
  readonly id: string;
  readonly at: EpochMs;
  amounts: Sums;
  readonly keys: readonly string[];
}

/** Folds the lines of one segment into what its holder may have spent. */
export class JournalFold {
  /** Keys by the numbers of their accounts, and what is said of each. */
  readonly #keys: string[] = [];
  readonly #accounts = new Map<string, Account>();
  readonly #spent = new Map<string, Sums>();
  readonly #open = new Map<string, OpenCall>();
  /** Whether the segment said all that earlier ones had said. */
  isWhole = false;

  /** Applies one line. Returns what is wrong with it, or `undefined`. */
  apply(line: JournalLine): string | undefined {
    switch (line.kind) {
      case 'account':
        return this.#name(line.number, line.account);
      case 'whole':
        if (this.isWhole) return 'it says for the second time that the state is whole';
        this.isWhole = true;
        return undefined;
      case 'brought':
        return this.isWhole
          ? 'it brings a balance after the state was whole'
          : this.#onKeys([line.number], (key) => this.#book(key, line.amounts));
      case 'reserved':
        return this.#reserve(line);
      case 'extended': {
        const call = this.#open.get(line.id);
        if (call === undefined) return 'it extends what is not open';
        call.amounts = plus(call.amounts, line.amounts);
        return undefined;
      }
      case 'settled':
        return this.#end(line.id, () => line.amounts);
      case 'released':
        return this.#end(line.id, () => NO_SUMS);
      case 'expired':
        return this.#end(line.id, ({ amounts }) => amounts);
      case 'adjusted':
        return this.#onKeys(line.accounts, (key) => this.#correct(key, line));
    }
  }

  /** Total spent by account, with calls in flight at their bound. */
  finals(): readonly SliceFinal[] {
    const totals = new Map(this.#spent);
    for (const { keys, amounts } of this.#open.values()) {
      for (const key of keys) totals.set(key, plus(totals.get(key) ?? NO_SUMS, amounts));
    }
    return [...totals].map(([key, spent]) => {
      const account = this.#accounts.get(key);
      invariant(account !== undefined, 'what was spent was spent from an account with a number');
      return { account, spent };
    });
  }

  /** Calls in flight, oldest first. */
  inDoubt(): readonly InDoubt[] {
    return [...this.#open.values()];
  }

  #name(number: number, account: Account): string | undefined {
    if (number !== this.#keys.length) return 'it gives an account a number out of turn';
    const { key } = lastPart(account);
    this.#keys.push(key);
    this.#accounts.set(key, account);
    return undefined;
  }

  #reserve(line: Extract<JournalLine, { readonly kind: 'reserved' }>): string | undefined {
    const { id, at, amounts } = line;
    if (this.#open.has(id)) return 'it reserves what is open already';
    const keys: string[] = [];
    const fault = this.#onKeys(line.accounts, (key) => {
      keys.push(key);
      return undefined;
    });
    if (fault === undefined) this.#open.set(id, { id, at, amounts, keys });
    return fault;
  }

  #end(id: string, spentBy: (call: OpenCall) => Sums): string | undefined {
    const call = this.#open.get(id);
    if (call === undefined) return 'it ends what is not open';
    for (const key of call.keys) this.#book(key, spentBy(call));
    this.#open.delete(id);
    return undefined;
  }

  #book(key: string, amounts: Sums): undefined {
    this.#spent.set(key, plus(this.#spent.get(key) ?? NO_SUMS, amounts));
    return undefined;
  }

  #correct(
    key: string,
    { replaced, amounts }: { readonly replaced: Sums; readonly amounts: Sums },
  ): string | undefined {
    const before = this.#spent.get(key) ?? NO_SUMS;
    const rest: Sums = [
      without(before[0], replaced[0]),
      without(before[1], replaced[1]),
      without(before[2], replaced[2]),
    ];
    if (rest.some((sum) => sum < 0)) return 'it takes away more than was spent';
    this.#spent.set(key, plus(rest, amounts));
    return undefined;
  }

  #onKeys(
    numbers: readonly number[],
    apply: (key: string) => string | undefined,
  ): string | undefined {
    for (const number of numbers) {
      const key = this.#keys[number];
      if (key === undefined) return 'it names an account that has no number';
      const fault = apply(key);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }
}

/** What is left of a sum; one that passed what can be counted stays there. */
function without(sum: number, part: number): number {
  return sum === AMOUNT_MAX ? sum : sum - part;
}
