import { invariant } from '../../../errors/error.ts';
import type { Account } from '../../../ledger/account.ts';
import type { SliceItem, SliceState } from '../../../ledger/leases/message.ts';
import { ceilingsOf, type Ceilings, type Sums } from '../../../ledger/leases/sums.ts';
import { familyOf } from './keys.ts';

/** The items of a message that are of one family, and where they stand in it. */
export interface FamilyItems {
  readonly family: string;
  readonly capId: string;
  readonly scope: string;
  readonly items: readonly SliceItem[];
  readonly positions: readonly number[];
}

/** Splits what a message says by family; the order within each stays. */
export function splitItems(items: readonly SliceItem[]): readonly FamilyItems[] {
  const families = new Map<string, { items: SliceItem[]; positions: number[] }>();
  for (const [position, item] of items.entries()) {
    const family = familyOf(item.account);
    const of = families.get(family) ?? { items: [], positions: [] };
    families.set(family, of);
    of.items.push(item);
    of.positions.push(position);
  }
  return [...families].flatMap(([family, of]) => {
    const first = of.items[0]?.account;
    if (first === undefined) return [];
    return [{ family, capId: first.capId, scope: first.scope, ...of }];
  });
}

/** An item as the script reads it: -1 stands for what is not capped and for what never ends. */
export function saidOf(item: SliceItem): Readonly<Record<string, unknown>> {
  const { account, known, spent, returned, inFlight, need, demand, want } = item;
  const { parts } = account;
  const ceiling = ceilingsOf(account.ceiling).map((each) => each ?? -1);
  return {
    key: keyOf(account),
    first: parts[0]?.leavesAt ?? -1,
    last: leavesOf(account),
    parts: parts.length === 1 ? [] : parts.map(({ key }) => key),
    s: [known, spent, returned, inFlight, need, demand, want, ceiling].flat(),
  };
}

/** What the script answered to an item. */
export function stateFrom(item: SliceItem, told: string): SliceState {
  const all = told.split(' ').map(Number);
  invariant(
    all.length >= 24 && all.every((each) => Number.isSafeInteger(each)),
    'a script answers with whole numbers',
  );
  const three = (from: number): Sums => [all[from] ?? 0, all[from + 1] ?? 0, all[from + 2] ?? 0];
  const { parts } = item.account;
  return {
    key: keyOf(item.account),
    granted: three(0),
    returned: three(3),
    spent: three(6),
    isRefused: all[9] === 1,
    isNear: all[10] === 1,
    isRecalled: all[11] === 1,
    idleElsewhere: three(12),
    othersSpent: three(15),
    othersHeld: three(18),
    ceiling: cappedFrom(three(21)),
    parts: parts.length === 1 ? [] : parts.map((_, index) => three(24 + 3 * index)),
  };
}

/** The name of the part that slices of the account are of. */
export function keyOf({ parts }: Account): string {
  const part = parts.at(-1);
  invariant(part !== undefined, 'an account has at least one window part');
  return part.key;
}

/** When the account's last part stops counting; -1 for never. */
export function leavesOf({ parts }: Account): number {
  return parts.at(-1)?.leavesAt ?? -1;
}

/** When the last of the items' accounts stops counting; -1 for never. */
export function lastLeavesOf(items: readonly SliceItem[]): number {
  const ends = items.map(({ account }) => leavesOf(account));
  return ends.includes(-1) ? -1 : Math.max(...ends);
}

function cappedFrom([usd, tokens, calls]: Sums): Ceilings {
  return [usd < 0 ? null : usd, tokens < 0 ? null : tokens, calls < 0 ? null : calls];
}
