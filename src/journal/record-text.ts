import type { Account, Amounts, Ceiling, WindowPart } from '../ledger/account.ts';
import type { HolderIdentity } from '../ledger/leases/message.ts';
import type { HolderRecord } from '../ledger/leases/ports.ts';
import type { Sums } from '../ledger/leases/sums.ts';
import { calls, tokens } from '../units/count.ts';
import { nanoUsd } from '../units/money.ts';
import { epochMs, type EpochMs } from '../units/time.ts';
import { quote, unquote } from './journal-line.ts';

/**
 * The text of each line of a journal: words with one space between. The header first, then a
 * number, 1 and one more each, and one letter for what the line says.
 *
 * | line | says |
 * |---|---|
 * | `hardcap-journal 1 segment holder host boot pid incarnation openedAt` | whose it is |
 * | `a number cap scope window mode usd tokens calls parts` | the account has this number |
 * | `b number usd tokens calls` | what earlier segments spent there in all |
 * | `w` | all that earlier segments said has been said again |
 * | `r id at usd tokens calls accounts` | reserved |
 * | `x id at usd tokens calls` | extended |
 * | `s id at usd tokens calls` | settled |
 * | `l id at reason`, `e id at reason` | released, expired |
 * | `c id reservation at usd tokens calls usd tokens calls accounts reason` | corrected |
 *
 * An account's amounts are its ceiling, `-` where it is not capped. Its parts are the first and the
 * last of its window, once where they are one: each a key and when it leaves, `-` for never.
 */

/** First words of every journal: what it is, and the version of its form. */
const FORM = 'hardcap-journal 1';

/** Stands for what there is none of: a ceiling, an end, a list of numbers (with commas between). */
export const NONE = '-';

/** What the first line of a segment says. */
export interface Header {
  readonly segment: number;
  readonly identity: Omit<HolderIdentity, 'journal'>;
}

/** What one further line says. */
export type JournalLine =
  | { readonly kind: 'account'; readonly number: number; readonly account: Account }
  | { readonly kind: 'brought'; readonly number: number; readonly amounts: Sums }
  | { readonly kind: 'whole' }
  | {
      readonly kind: 'reserved';
      readonly id: string;
      readonly at: EpochMs;
      readonly amounts: Sums;
      readonly accounts: readonly number[];
    }
  | { readonly kind: 'extended' | 'settled'; readonly id: string; readonly amounts: Sums }
  | { readonly kind: 'released' | 'expired'; readonly id: string }
  | {
      readonly kind: 'adjusted';
      readonly replaced: Sums;
      readonly amounts: Sums;
      readonly accounts: readonly number[];
    };

/** The first line of a segment. */
export function textOfHeader({ segment, identity }: Header): string {
  const { holder, host, boot, pid, incarnation, openedAt } = identity;
  const words = [quote(holder), quote(host), quote(boot), pid, quote(incarnation), openedAt];
  return `${FORM} ${segment} ${words.join(' ')}`;
}

/** What a record says, after its number; `accounts` are the numbers of its accounts. */
export function textOfRecord(record: HolderRecord, accounts: string): string {
  const { at } = record;
  const id = quote(record.id);
  switch (record.kind) {
    case 'reserved':
      return `r ${id} ${at} ${textOf(record.amounts)} ${accounts}`;
    case 'extended':
      return `x ${id} ${at} ${textOf(record.by)}`;
    case 'settled':
      return `s ${id} ${at} ${textOf(record.amounts)}`;
    case 'released':
      return `l ${id} ${at} ${quote(record.reason)}`;
    case 'expired':
      return `e ${id} ${at} ${quote(record.reason)}`;
    case 'adjusted': {
      const { reservationId, replaced, amounts, reason } = record;
      const change = `${textOf(replaced)} ${textOf(amounts)}`;
      return `c ${id} ${quote(reservationId)} ${at} ${change} ${accounts} ${quote(reason)}`;
    }
  }
}

/**
 * The line that gives an account its number: all that a store opens it from, since the store may
 * hear of it only when the journal is read.
 */
export function textOfAccount(number: number, account: Account): string {
  const { capId, scope, window, mode, ceiling, parts } = account;
  const amounts = [ceiling.usd, ceiling.tokens, ceiling.calls].map((amount) => amount ?? NONE);
  const ends = parts.length === 1 ? parts : [...parts.slice(0, 1), ...parts.slice(-1)];
  const places = ends.flatMap(({ key, leavesAt }) => [quote(key), leavesAt ?? NONE]);
  const words = [quote(capId), quote(scope), quote(window), mode, ...amounts, ...places];
  return `a ${number} ${words.join(' ')}`;
}

/** The line that says what was spent in an account before the segment began. */
export function textOfBrought(number: number, amounts: Amounts): string {
  return `b ${number} ${textOf(amounts)}`;
}

/** The line after which a segment stands for all before it. */
export const TEXT_OF_WHOLE = 'w';

/** Reads the first line; `undefined` when it is none of this form. */
export function headerOf(text: string): Header | undefined {
  const words = text.split(' ');
  const [name, version, segmentWord = '', ...rest] = words;
  if (words.length !== 9 || `${name} ${version}` !== FORM) return undefined;
  const [holder, host, boot] = rest.slice(0, 3).map(unquote);
  const incarnation = unquote(rest[4] ?? '');
  const [segment, pid] = [wholeNumber(segmentWord), wholeNumber(rest[3])];
  const openedAt = epochMs(Number(rest[5]));
  if (holder === undefined || host === undefined || boot === undefined) return undefined;
  if (segment === undefined || pid === undefined) return undefined;
  if (incarnation === undefined || openedAt === undefined) return undefined;
  return { segment, identity: { holder, host, boot, pid, incarnation, openedAt } };
}

/** Reads a further line that must have this number; `undefined` when it cannot be one. */
export function lineOf(text: string, number: number): JournalLine | undefined {
  const words = text.split(' ');
  if (words[0] !== String(number)) return undefined;
  const [, letter, ...rest] = words;
  const [first = ''] = rest;
  const id = unquote(first);
  switch (`${letter}${rest.length}`) {
    case 'w0':
      return { kind: 'whole' };
    case 'a10':
    case 'a12': {
      const [count, account] = [wholeNumber(first), accountOf(rest)];
      return count === undefined || account === undefined
        ? undefined
        : { kind: 'account', number: count, account };
    }
    case 'b4': {
      const [count, amounts] = [wholeNumber(first), sumsAt(rest, 1)];
      return count === undefined || amounts === undefined
        ? undefined
        : { kind: 'brought', number: count, amounts };
    }
    case 'l3':
      return id === undefined ? undefined : { kind: 'released', id };
    case 'e3':
      return id === undefined ? undefined : { kind: 'expired', id };
    case 'x5':
    case 's5': {
      const amounts = sumsAt(rest, 2);
      const kind = letter === 'x' ? 'extended' : 'settled';
      return id === undefined || amounts === undefined ? undefined : { kind, id, amounts };
    }
    case 'r6':
      return reservedOf(id, rest);
    case 'c11':
      return adjustedOf(rest);
    default:
      return undefined;
  }
}

function accountOf(words: readonly string[]): Account | undefined {
  const [capId, scope, window] = words.slice(1, 4).map(unquote);
  const mode = words[4];
  const ceiling = ceilingAt(words, 5);
  const parts: WindowPart[] = [];
  for (let at = 8; at < words.length; at += 2) {
    const part = partAt(words, at);
    if (part === undefined) return undefined;
    parts.push(part);
  }
  if (capId === undefined || scope === undefined || window === undefined) return undefined;
  if ((mode !== 'enforce' && mode !== 'observe') || ceiling === undefined) return undefined;
  return { capId, scope, window, ceiling, mode, parts };
}

function ceilingAt(words: readonly string[], index: number): Ceiling | undefined {
  const said = words.slice(index, index + 3);
  const [usd, token, call] = said.map((word) => (word === NONE ? undefined : wholeNumber(word)));
  const ceiling = { usd: nanoUsd(usd), tokens: tokens(token), calls: calls(call) };
  const read = [ceiling.usd, ceiling.tokens, ceiling.calls];
  const isRead = read.every((amount, at) => (amount === undefined) === (said[at] === NONE));
  return isRead ? ceiling : undefined;
}

function partAt(words: readonly string[], index: number): WindowPart | undefined {
  const [key, leaves] = [unquote(words[index] ?? ''), words[index + 1]];
  const leavesAt = leaves === NONE ? null : epochMs(leaves === '' ? undefined : Number(leaves));
  return key === undefined || leavesAt === undefined ? undefined : { key, leavesAt };
}

function reservedOf(id: string | undefined, words: readonly string[]): JournalLine | undefined {
  const at = epochMs(Number(words[1]));
  const [amounts, accounts] = [sumsAt(words, 2), numbersOf(words[5])];
  if (id === undefined || at === undefined) return undefined;
  if (amounts === undefined || accounts === undefined) return undefined;
  return { kind: 'reserved', id, at, amounts, accounts };
}

function adjustedOf(words: readonly string[]): JournalLine | undefined {
  const [replaced, amounts] = [sumsAt(words, 3), sumsAt(words, 6)];
  const accounts = numbersOf(words[9]);
  if (replaced === undefined || amounts === undefined || accounts === undefined) return undefined;
  return { kind: 'adjusted', replaced, amounts, accounts };
}

function textOf({ usd, tokens, calls }: Amounts): string {
  return `${usd} ${tokens} ${calls}`;
}

function sumsAt(words: readonly string[], index: number): Sums | undefined {
  const [usd, tokens, calls] = words.slice(index, index + 3).map(wholeNumber);
  if (usd === undefined || tokens === undefined || calls === undefined) return undefined;
  return [usd, tokens, calls];
}

function numbersOf(word: string | undefined): readonly number[] | undefined {
  if (word === undefined || word === NONE) return word === undefined ? undefined : [];
  const numbers: number[] = [];
  for (const part of word.split(',')) {
    const number = wholeNumber(part);
    if (number === undefined) return undefined;
    numbers.push(number);
  }
  return numbers;
}

function wholeNumber(word: string | undefined): number | undefined {
  if (word === undefined || !/^\d{1,16}$/.test(word)) return undefined;
  const number = Number(word);
  return Number.isSafeInteger(number) ? number : undefined;
}
