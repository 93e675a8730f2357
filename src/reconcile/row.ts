import { addCounts, type TokenCounts } from '../meter/token-counts.ts';
import { TOKEN_CLASSES, type TokenClass } from '../meter/usage.ts';
import { parseSnapshot } from '../pricing/price-book.ts';
import { addCalls, addTokens, calls, tokens, TOKENS_ZERO } from '../units/count.ts';
import type { Calls, Tokens } from '../units/count.ts';
import { addNanoUsd, nanoUsd, type NanoUsd } from '../units/money.ts';
import { ReportError } from './report-error.ts';

/** What was spent on one model in one day, by the books or by a provider's report. Plain JSON. */
export interface SpendRow {
  /** UTC, `YYYY-MM-DD`. */
  readonly day: string;
  readonly provider: string;
  /**
   * The model's id, or in parentheses what is billed beside models: `(web_search)`. Snapshots of
   * one model (`-2024-08-06`) are compared as that model.
   */
  readonly model: string;
  /** `undefined`: this source does not count tokens. */
  readonly tokens?: TokenCounts | undefined;
  /** `undefined`: this source knows no money. */
  readonly nanoUsd?: NanoUsd | undefined;
  /** Attempts that were billed; `undefined`: this source does not count them. */
  readonly calls?: Calls | undefined;
  /** The most by which `nanoUsd` can be off because the source itself rounds; absent: exact. */
  readonly roundedBy?: NanoUsd | undefined;
  /** How many of the calls are booked at a bound, because their usage was never said. */
  readonly unmetered?: Calls | undefined;
  /**
   * What exactly these calls would have cost had they been served otherwise: at tier `priority`,
   * with `long-context` rates, `fast`, in `geo:us`.
   */
  readonly servedAs?: Readonly<Record<string, NanoUsd>> | undefined;
}

/** Under which the rows of one model and day meet. */
export function rowKey({ day, provider, model }: SpendRow): string {
  return JSON.stringify([day, provider, baseModel(model)]);
}

/** The model without the date of a snapshot behind it. */
export function baseModel(model: string): string {
  return parseSnapshot(model)?.model ?? model;
}

/** The UTC day of an instant in milliseconds since the epoch. */
export function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

/** Whether the row is of something billed beside models. */
export function isBesideModels({ model }: SpendRow): boolean {
  return model.startsWith('(');
}

/** Rows of one model and day made one, in the order of their first. */
export function sumRows(rows: Iterable<SpendRow>): Map<string, SpendRow> {
  const sums = new Map<string, SpendRow>();
  for (const row of rows) {
    const key = rowKey(row);
    const sum = sums.get(key);
    sums.set(key, sum === undefined ? { ...row, model: baseModel(row.model) } : add(sum, row));
  }
  return sums;
}

/** All tokens of a row, of every class together. */
export function tokensTotal(counts: TokenCounts): Tokens {
  let total = TOKENS_ZERO;
  for (const name of TOKEN_CLASSES) total = addTokens(total, counts[name] ?? TOKENS_ZERO);
  return total;
}

/**
 * What came on top of `before` since: the same row later, less what it was. `undefined` when
 * anything fell: then a report was corrected, and no difference of two states says what happened.
 */
export function rowSince(before: SpendRow, now: SpendRow): SpendRow | undefined {
  const money = less(now.nanoUsd, before.nanoUsd);
  const called = less(now.calls, before.calls);
  const counts: Partial<Record<TokenClass, Tokens>> = {};
  for (const name of TOKEN_CLASSES) {
    const count = less(now.tokens?.[name] ?? 0, before.tokens?.[name] ?? 0);
    if (count === 'fell') return undefined;
    if (count !== undefined && count > 0) counts[name] = tokens(count) ?? TOKENS_ZERO;
  }
  if (money === 'fell' || called === 'fell') return undefined;
  const servedAs = Object.entries(now.servedAs ?? {}).flatMap(([name, amount]) => {
    const earlier = before.servedAs?.[name];
    const since = earlier === undefined ? undefined : nanoUsd(amount - earlier);
    return since === undefined ? [] : [[name, since] as const];
  });
  const { day, provider, model, roundedBy } = now;
  return {
    day,
    provider,
    model,
    tokens: now.tokens === undefined ? undefined : counts,
    nanoUsd: money === undefined ? undefined : nanoUsd(money),
    calls: called === undefined ? undefined : calls(called),
    roundedBy,
    unmetered: calls((now.unmetered ?? 0) - (before.unmetered ?? 0)),
    servedAs: Object.fromEntries(servedAs),
  };
}

/**
 * Rows out of their JSON form, checked. Throws `REPORT_INVALID` naming the row.
 */
export function readRows(rows: readonly unknown[]): readonly SpendRow[] {
  return rows.map((row, index) => {
    const refuse = (field: string, reason: string): never => {
      throw new ReportError({ source: 'rows', row: index + 1, field, reason });
    };
    if (typeof row !== 'object' || row === null) return refuse('row', 'is no object');
    const { day, provider, model, ...rest } = row as Partial<SpendRow>;
    const { nanoUsd: money, calls: called, roundedBy, unmetered, servedAs } = rest;
    if (typeof day !== 'string' || !DAY.test(day)) return refuse('day', 'is no UTC date');
    if (typeof provider !== 'string') return refuse('provider', 'is no text');
    if (typeof model !== 'string' || model === '') return refuse('model', 'is no text');
    const figures = [
      ...Object.values(rest.tokens ?? {}),
      ...Object.values(servedAs ?? {}),
      money,
      called,
      roundedBy,
      unmetered,
    ];
    if (!figures.every((figure) => figure === undefined || nanoUsd(figure) !== undefined)) {
      return refuse('figures', 'are not whole numbers from zero up');
    }
    const figured = { nanoUsd: money, calls: called, roundedBy, unmetered, servedAs };
    return { day, provider, model, tokens: rest.tokens, ...figured };
  });
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;

function add(left: SpendRow, right: SpendRow): SpendRow {
  const unmetered = both(left.unmetered, right.unmetered, addCalls);
  return {
    ...left,
    tokens: both(left.tokens, right.tokens, addCounts),
    nanoUsd: both(left.nanoUsd, right.nanoUsd, addNanoUsd),
    calls: both(left.calls, right.calls, addCalls),
    roundedBy: both(left.roundedBy, right.roundedBy, addNanoUsd),
    unmetered,
    servedAs: addServed(left, right),
  };
}

function both<T>(
  left: T | undefined,
  right: T | undefined,
  sum: (left: T, right: T) => T,
): T | undefined {
  if (left === undefined) return right;
  return right === undefined ? left : sum(left, right);
}

/** Where one of two calls cannot be served so, neither can both: a name in one only is dropped. */
function addServed(left: SpendRow, right: SpendRow): SpendRow['servedAs'] {
  if (left.servedAs === undefined || right.servedAs === undefined) return undefined;
  const shared = Object.entries(left.servedAs).flatMap(([name, amount]) => {
    const other = right.servedAs?.[name];
    return other === undefined ? [] : [[name, addNanoUsd(amount, other)] as const];
  });
  return Object.fromEntries(shared);
}

function less(now: number | undefined, before: number | undefined): number | 'fell' | undefined {
  if (now === undefined) return undefined;
  return now < (before ?? 0) ? 'fell' : now - (before ?? 0);
}
