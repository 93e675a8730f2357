import type { Account } from '../../../ledger/account.ts';
import { escaped } from '../../../policy/account-key.ts';

/** What stands before every key unless configured otherwise. */
export const PREFIX_DEFAULT = 'hardcap';

/** What a prefix may be: nothing in it can begin a hash tag or a pattern. */
export const PREFIX_FORM = /^[\w.:-]{1,100}$/;

/** Where everything lies. Keys with one text in braces lie in one slot of a cluster. */
export class Keys {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** By which the loss of state is noticed. */
  get epoch(): string {
    return `${this.#prefix}:{epoch}`;
  }

  /** Open holders in the order in which they came. */
  get order(): string {
    return `${this.#prefix}:{holders}:order`;
  }

  /** A holder's record, and the families that it may have slices in. */
  holder(name: string): readonly [record: string, families: string] {
    const tag = `${this.#prefix}:{holder|${safe(name)}}`;
    return [`${tag}:record`, `${tag}:families`];
  }

  /** Whether a scope value is closed, and the caps that have accounts of it. */
  scope(scope: string): readonly [state: string, caps: string] {
    const tag = `${this.#prefix}:{scope|${safe(scope)}}`;
    return [`${tag}:state`, `${tag}:caps`];
  }

  /** Which family an account is of, by its key. */
  place(accountKey: string): string {
    return `${this.#prefix}:{account|${safe(accountKey)}}:family`;
  }

  /** What stands in the accounts of one family: a field for each, `accountKey` -> numbers. */
  accounts(family: string): string {
    return `${this.#prefix}:{${family}}:accounts`;
  }

  /** When the accounts of a family stop counting. */
  index(family: string): string {
    return `${this.#prefix}:{${family}}:index`;
  }

  /** Raises, and whether the family is closed. */
  terms(family: string): string {
    return `${this.#prefix}:{${family}}:terms`;
  }

  /** A holder's slices of the accounts of one family. */
  slices(family: string, holder: string): string {
    return `${this.#prefix}:{${family}}:slices:${safe(holder)}`;
  }

  /** How far a correction has come in one family. */
  mark(family: string, operation: string): string {
    return `${this.#prefix}:{${family}}:order:${safe(operation)}`;
  }

  /** One part of what was done by hand or by recovery; all parts lie in one slot. */
  journal(part: 'entries' | 'head' | 'orders' | 'doubts' | 'claims'): string {
    return `${this.#prefix}:{journal}:${part}`;
  }
}

/** An account's cap and scope value, as one text. What is in one family is in one slot. */
export function familyOf({ capId, scope }: Pick<Account, 'capId' | 'scope'>): string {
  return `${safe(capId)}|${safe(scope)}`;
}

/** Text without braces, so that the hash tag ends where we say; different stays different. */
function safe(text: string): string {
  return escaped(text).replace(/[{}]/g, (brace) => (brace === '{' ? '%7B' : '%7D'));
}
