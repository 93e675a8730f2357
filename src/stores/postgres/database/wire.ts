import { invariant } from '../../../errors/error.ts';
import type { Account } from '../../../ledger/account.ts';
import { finalsByKey, openingItems } from '../../../ledger/leases/finals.ts';
import type { CloseOrder, HolderMessage, SliceItem } from '../../../ledger/leases/message.ts';
import type { Operation } from '../../../ledger/leases/operation.ts';
import { ceilingsOf } from '../../../ledger/leases/sums.ts';

/** What stands for the end of a lifetime: later than any instant, and an integer in SQL. */
export const NEVER = Number.MAX_SAFE_INTEGER;

/** A message in the words of the SQL function `exchange`, as JSON text. */
export function messageText({ holder, seq, declares, items }: HolderMessage): string {
  return textOf({ holder, seq, declares, items: items.map(itemOf) });
}

/** The end of a holder for the SQL function `close_holder`, as JSON text. */
export function closeText(order: CloseOrder): string {
  const { holder, how, inDoubt } = order;
  const finals = finalsByKey(order);
  const byKey = Object.fromEntries([...finals].map(([key, { spent }]) => [key, spent]));
  // Which of them the holder has a slice of, only the server knows.
  const opening = openingItems(finals, () => false).map(itemOf);
  return textOf({ holder, how, finals: byKey, opening, inDoubt });
}

/** What the journal will say of the end of a holder, without what that moved. */
export function closeBody(order: CloseOrder): string {
  return JSON.stringify({ kind: 'close-holder', ...order, finals: undefined });
}

/** An operator's order without what only the journal keeps, as JSON text. */
export function operationText(operation: Operation): string {
  return textOf({ ...operation, who: undefined, reason: undefined });
}

/** The keys of each account's parts, as JSON text. */
export function partsText(accounts: readonly Account[]): string {
  return textOf(accounts.map(({ parts }) => parts.map(({ key }) => key)));
}

/**
 * JSON text that PostgreSQL can read: it has no U+0000 and no lone surrogate in text, so each is
 * written as U+001A and its code in four digits, as U+001A itself is. `valueOf` undoes that.
 */
export function textOf(value: unknown): string {
  const text = JSON.stringify(value);
  if (!UNREADABLE.test(text)) return text;
  return JSON.stringify(value, (_, part: unknown) =>
    isRecord(part) ? withNames(part, readable) : mapText(part, readable),
  );
}

/** The value that a reply in JSON text says. */
export function valueOf(text: string): unknown {
  if (!text.includes('\\u001a')) return JSON.parse(text);
  return JSON.parse(text, (_, part: unknown) =>
    isRecord(part) ? withNames(part, original) : mapText(part, original),
  );
}

function itemOf({ account, ...said }: SliceItem): unknown {
  const { capId, scope, window, parts } = account;
  const [first, last] = [parts[0], parts.at(-1)];
  invariant(first !== undefined && last !== undefined, 'an account has at least one window part');
  const rolling = {
    first: first.leavesAt ?? NEVER,
    parts: parts.map(({ key }) => key),
  };
  return {
    key: last.key,
    cap: capId,
    scope,
    window,
    leaves: last.leavesAt ?? NEVER,
    ...(parts.length > 1 ? rolling : {}),
    ceiling: ceilingsOf(account.ceiling),
    ...said,
  };
}

/** As `JSON.stringify` writes them; a backslash that was escaped itself only costs time. */
const UNREADABLE = /\\u(?:0000|001a|d[89a-f][0-9a-f]{2})/;

// oxlint-disable-next-line no-control-regex
const ESCAPED = /[\u0000\u001a\p{Surrogate}]/gu;

// oxlint-disable-next-line no-control-regex
const ESCAPE = /\u001a([0-9a-f]{4})/g;

function readable(text: string): string {
  return text.replace(
    ESCAPED,
    (unit) => `\u001a${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function original(text: string): string {
  return text.replace(ESCAPE, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

function mapText(part: unknown, change: (text: string) => string): unknown {
  return typeof part === 'string' ? change(part) : part;
}

function withNames(record: object, change: (text: string) => string): unknown {
  return Object.fromEntries(Object.entries(record).map(([name, part]) => [change(name), part]));
}

function isRecord(part: unknown): part is object {
  return typeof part === 'object' && part !== null && !Array.isArray(part);
}
