import { bundledCards } from '../../pricing/price-book.ts';
import { GLOBAL_SCOPE } from '../../policy/scope.ts';
import { exceeds, percentText, type Threshold } from '../../reconcile/ratio.ts';
import { baseModel, dayOf, tokensTotal, type SpendRow } from '../../reconcile/row.ts';
import { startOf, type AccountRow } from '../books/account-row.ts';

/** One account of one UTC day beside what a report says of the same. */
export interface ComparedAccount {
  /** UTC, `YYYY-MM-DD`. */
  readonly day: string;
  readonly cap_id: string;
  readonly scope: string;
  readonly unit: 'nano_usd' | 'tokens' | 'calls';
  readonly booked: number;
  /** Held when it was read: a day with calls in flight is not at rest. */
  readonly held: number;
  readonly reported: number;
  /** What the provider reports more than is booked. */
  readonly difference: number;
  /** The same in percent of what is booked; `null` where nothing is booked. */
  readonly difference_percent: string | null;
  readonly is_over_threshold: boolean;
}

const DAY_MS = 86_400_000;

/**
 * Compares what accounts of UTC days booked with what reports say of those days: `global` with all
 * of a report, `provider:<name>` and `model:<id>` with their part. Other scopes have no counterpart
 * in a provider's report. Only days that a report speaks of are compared.
 */
export function compareAccounts(
  rows: readonly AccountRow[],
  reported: readonly SpendRow[],
  threshold: Threshold,
): readonly ComparedAccount[] {
  const days = new Set(reported.map(({ day }) => day));
  const providers = new Set(reported.map(({ provider }) => provider));
  return rows.flatMap((row) => {
    const isOf = partOf(row.scope, providers);
    const day = utcDayOf(row);
    if (isOf === undefined || day === undefined || !days.has(day)) return [];
    const ofDay = reported.filter((line) => line.day === day);
    return compareOne({ row, day, ofDay, part: ofDay.filter(isOf), threshold });
  });
}

/** The day of an account whose window is one UTC day. */
function utcDayOf(row: AccountRow): string | undefined {
  const start = startOf(row);
  const isDay = row.leavesAt !== null && row.leavesAt - start === DAY_MS && start % DAY_MS === 0;
  // A rolling window's parts end a window's length after they began.
  const isRolling = row.window?.startsWith('rolling') ?? row.capId.includes('/rolling-');
  return isDay && !isRolling ? dayOf(start) : undefined;
}

/** Which lines of a report a scope is about; `undefined`: the reports do not speak of it. */
function partOf(
  scope: string,
  providers: ReadonlySet<string>,
): ((line: SpendRow) => boolean) | undefined {
  if (scope === GLOBAL_SCOPE) return () => true;
  const colon = scope.indexOf(':');
  const [dimension, value] = [scope.slice(0, colon), scope.slice(colon + 1)];
  if (dimension === 'provider') {
    return providers.has(value) ? ({ provider }) => provider === value : undefined;
  }
  if (dimension !== 'model' || value.includes('*') || !isReported(value, providers)) {
    return undefined;
  }
  return ({ model }) => baseModel(model) === baseModel(value);
}

/** Whether a provider of the model has given a report: one that leaves it out billed nothing. */
function isReported(model: string, providers: ReadonlySet<string>): boolean {
  const of = bundledCards().filter((card) => baseModel(card.model) === baseModel(model));
  return of.length === 0 || of.some(({ provider }) => providers.has(provider));
}

interface Pair {
  readonly row: AccountRow;
  readonly day: string;
  /** All that is reported of the day, and what of it the account is about. */
  readonly ofDay: readonly SpendRow[];
  readonly part: readonly SpendRow[];
  readonly threshold: Threshold;
}

function compareOne({ row, day, ofDay, part, threshold }: Pair): readonly ComparedAccount[] {
  const slack = sumOf(part, ({ roundedBy }) => roundedBy);
  const sum = (figure: (row: SpendRow) => number | undefined): bigint | undefined =>
    // A report that speaks of money, and leaves this out, bills nothing for it.
    sumOf(ofDay, figure) === undefined ? undefined : (sumOf(part, figure) ?? 0n);
  const sums = {
    nano_usd: sum(({ nanoUsd }) => nanoUsd),
    tokens: sum(({ tokens }) => (tokens === undefined ? undefined : tokensTotal(tokens))),
    calls: sum(({ calls }) => calls),
  };
  return (['nano_usd', 'tokens', 'calls'] as const).flatMap((unit, index) => {
    const other = sums[unit];
    if (other === undefined) return [];
    const [booked = 0, held = 0] = [row.spent[index], row.held[index]];
    const difference = other - BigInt(booked);
    const of = BigInt(booked);
    const terms = { of, threshold, slack: unit === 'nano_usd' ? (slack ?? 0n) : 0n };
    return [
      {
        day,
        cap_id: row.capId,
        scope: row.scope,
        unit,
        booked,
        held,
        reported: Number(other),
        difference: Number(difference),
        difference_percent: percentText(difference, of),
        is_over_threshold: exceeds(difference, terms),
      },
    ];
  });
}

/** `undefined` when no row has the figure: then the report does not speak of it. */
function sumOf(
  rows: readonly SpendRow[],
  figure: (row: SpendRow) => number | undefined,
): bigint | undefined {
  let sum: bigint | undefined;
  for (const row of rows) {
    const value = figure(row);
    if (value !== undefined) sum = (sum ?? 0n) + BigInt(value);
  }
  return sum;
}
