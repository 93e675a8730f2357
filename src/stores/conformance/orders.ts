import type { Account, Amounts, Balance, WindowPart } from '../../ledger/account.ts';
import type {
  ExtendOrder,
  ExtendReply,
  Ledger,
  ReserveOrder,
  ReserveReply,
} from '../../ledger/ledger.ts';
import { calls, tokens } from '../../units/count.ts';
import { nanoUsd } from '../../units/money.ts';
import { epochMs, type EpochMs } from '../../units/time.ts';
import { assertEqual, assertKind, assertThat } from './assertions.ts';

/** Whole numbers, for writing cases: absent dimensions are 0. */
export interface Sum {
  readonly usd?: number;
  readonly tokens?: number;
  readonly calls?: number;
}

/** What a case says of an account; the rest has one default. */
export interface AccountSketch {
  readonly cap: string;
  readonly scope?: string;
  /** Absent dimensions are not capped. */
  readonly ceiling?: Sum;
  readonly mode?: Account['mode'];
  /** Starts of the parts, oldest first; one day from `DAY` when absent. */
  readonly starts?: readonly number[];
  /** How long each part counts. */
  readonly countsMs?: number;
}

/** 2025-11-21T00:00:00Z, where the cases' days begin. */
export const DAY = 1_763_683_200_000;

/** Milliseconds of a day. */
export const DAY_MS = 86_400_000;

/** An hour into the day. */
export const NOON = instant(DAY + 3_600_000);

/** The instant; fails the case when it is none. */
export function instant(value: number): EpochMs {
  const at = epochMs(value);
  assertThat(at !== undefined, `${value} is an instant`);
  return at;
}

/** The amounts; fails the case when one is no integer from 0 to 2^53 - 1. */
export function amountsOf(sum: Sum): Amounts {
  const usd = nanoUsd(sum.usd ?? 0);
  const token = tokens(sum.tokens ?? 0);
  const call = calls(sum.calls ?? 0);
  assertThat(usd !== undefined && token !== undefined && call !== undefined, 'amounts are whole');
  return { usd, tokens: token, calls: call };
}

/** Fills in a sketch. Keys are cap, scope and start of the part. */
export function accountOf(sketch: AccountSketch): Account {
  const { cap, scope = 'global', ceiling = {}, mode = 'enforce', starts = [DAY] } = sketch;
  const countsMs = sketch.countsMs ?? DAY_MS;
  const parts = starts.map((start): WindowPart => {
    return { key: `${cap}|${scope}|${start}`, leavesAt: instant(start + countsMs) };
  });
  return {
    capId: cap,
    scope,
    window: starts.length === 1 ? 'day' : 'rolling',
    ceiling: {
      usd: ceiling.usd === undefined ? undefined : nanoUsd(ceiling.usd),
      tokens: ceiling.tokens === undefined ? undefined : tokens(ceiling.tokens),
      calls: ceiling.calls === undefined ? undefined : calls(ceiling.calls),
    },
    mode,
    parts,
  };
}

/** A reserve as a case writes it. */
export interface ReserveSketch {
  readonly id: string;
  readonly sum: Sum;
  readonly accounts: readonly Account[];
  readonly at?: number;
}

/** The order of a sketch; an hour into the day unless it says when. */
export function reserveOrder({ id, sum, accounts, at = NOON }: ReserveSketch): ReserveOrder {
  return { id, at: instant(at), amounts: amountsOf(sum), accounts };
}

/** Reserves: at once where the ledger can decide locally, else by asking its store. */
export async function reserve(ledger: Ledger, sketch: ReserveSketch): Promise<ReserveReply> {
  const order = reserveOrder(sketch);
  const reply = ledger.reserve(order);
  if (reply.kind !== 'ask') return reply;
  const asked = await ledger.reserveAsync(order);
  assertThat(asked.kind !== 'ask', '`reserveAsync` decides');
  return asked;
}

/** How often an extension is said again, and how long it waits before that. */
const EXTENDS_MAX = 100;
const EXTEND_WAIT_MS = 20;

/**
 * Extends; where the ledger must ask its store first, says it again until that has answered. What
 * is still unavailable then is returned as it is.
 */
export async function extend(ledger: Ledger, order: ExtendOrder): Promise<ExtendReply> {
  for (let said = 1; ; said += 1) {
    const reply = ledger.extend(order);
    if (reply.kind !== 'unavailable' || said >= EXTENDS_MAX) return reply;
    await new Promise((resolve) => setTimeout(resolve, EXTEND_WAIT_MS));
  }
}

/** Reserves, and fails the case unless it is admitted. */
export async function mustReserve(ledger: Ledger, sketch: ReserveSketch): Promise<void> {
  assertKind(await reserve(ledger, sketch), 'reserved', `reserve ${sketch.id}`);
}

/** Reserves, and fails the case unless it is refused. */
export async function mustRefuse(
  ledger: Ledger,
  sketch: ReserveSketch,
): Promise<Extract<ReserveReply, { readonly kind: 'refused' }>> {
  return assertKind(await reserve(ledger, sketch), 'refused', `reserve ${sketch.id}`);
}

/** Settles, and fails the case unless that ended the hold now. */
export function mustSettle(
  ledger: Ledger,
  order: { readonly id: string; readonly sum: Sum; readonly at?: number },
): readonly Account[] {
  const reply = assertKind(
    ledger.settle({
      id: order.id,
      at: instant(order.at ?? NOON),
      amounts: amountsOf(order.sum),
    }),
    'ended',
    `settle ${order.id}`,
  );
  assertEqual([reply.outcome, reply.repeated], ['settled', false], `settle ${order.id}`);
  return reply.overdrawn;
}

/** Fails the case unless the account stands so; `overdrawn` is false unless given. */
export function assertBalance(
  ledger: Ledger,
  account: Account,
  expected: { readonly spent?: Sum; readonly held?: Sum; readonly overdrawn?: boolean },
): void {
  const wanted: Balance = {
    spent: amountsOf(expected.spent ?? {}),
    held: amountsOf(expected.held ?? {}),
    overdrawn: expected.overdrawn ?? false,
  };
  assertEqual(ledger.balance(account), wanted, `balance of ${account.capId} ${account.scope}`);
}

/** Fails the case unless exactly these ids are open, oldest first. */
export function assertOpen(ledger: Ledger, ids: readonly string[]): void {
  assertEqual(
    [...ledger.openHolds()].map(({ id }) => id),
    ids,
    'open holds',
  );
}
