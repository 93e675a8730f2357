import { findingsOf, type Finding, type Sides } from './finding.ts';
import { exceeds, percentText, thresholdOf } from './ratio.ts';
import { baseModel, isBesideModels, sumRows, type SpendRow } from './row.ts';

/** When a difference counts. */
export interface ReconcileOptions {
  /** Percent of what is booked; a difference of more is over the threshold. */
  readonly thresholdPercent: number | string;
  /** UTC days to compare, both included; default: from the first to the last that is reported. */
  readonly days?: DaySpan;
}

/** Days as `YYYY-MM-DD`, both included. */
export interface DaySpan {
  readonly first: string;
  readonly last: string;
}

/** One model in one day, by both sides. */
export interface ReconciledRow {
  readonly day: string;
  readonly provider: string;
  readonly model: string;
  /** `null`: the books have nothing. */
  readonly ours: SpendRow | null;
  /** `null`: the report has nothing. */
  readonly theirs: SpendRow | null;
  /** Nano-dollars that the provider bills more than is booked; `null` where a side has no money. */
  readonly driftNanoUsd: number | null;
  /**
   * The same in percent of what is booked, with its sign, exact to six decimals; `null` where a
   * side has no money, or nothing is booked.
   */
  readonly driftPercent: string | null;
  /** Whether the money differs by more than the threshold and the report's own rounding. */
  readonly isOverThreshold: boolean;
  readonly findings: readonly Finding[];
}

/** The books beside a provider's report. Plain JSON. */
export interface Reconciliation {
  /** By day, provider and model. */
  readonly rows: readonly ReconciledRow[];
  /** Whether nothing was found: no row over the threshold, none on one side only. */
  readonly isClean: boolean;
}

/**
 * Compares the books with what a provider itself reports, by model and UTC day.
 *
 * `theirs` may join reports: rows of a usage report (tokens) and of a cost report (money) of the
 * same days meet. One report given twice counts twice. Money is compared in whole nano-dollars
 * and exact fractions of them, never in floating point. Only providers that `theirs` has rows of
 * are compared. Throws `CONFIG_INVALID` for a threshold that is no percentage.
 */
export function reconcile(
  ours: readonly SpendRow[],
  theirs: readonly SpendRow[],
  { thresholdPercent, days }: ReconcileOptions,
): Reconciliation {
  const threshold = thresholdOf(thresholdPercent);
  const spans = spansOf(theirs);
  const isCompared = ({ provider, day }: SpendRow): boolean => {
    const span = spans.get(provider);
    const { first, last } = days ?? span ?? { first: '', last: '' };
    return span !== undefined && day >= first && day <= last;
  };
  const reported = sumRows(theirs.filter(isCompared));
  const withMoney = new Set(theirs.flatMap(moneyProvider));
  // A report of tokens alone cannot have what is billed beside models.
  const booked = sumRows(
    ours.filter((row) => isCompared(row) && (withMoney.has(row.provider) || !isBesideModels(row))),
  );
  const known = new Set(ours.map(modelKey));
  const keys = [...new Set([...booked.keys(), ...reported.keys()])].toSorted();
  const rows = keys.flatMap((key) => {
    const [own, other] = [booked.get(key), reported.get(key)];
    const some = own ?? other;
    if (some === undefined) return [];
    const about = { hasMoney: withMoney.has(some.provider), threshold };
    const isKnownModel = known.has(modelKey(some));
    return [reconcileRow(some, { ours: own, theirs: other, isKnownModel, ...about })];
  });
  const isClean = rows.every((row) => !row.isOverThreshold && row.findings.length === 0);
  return { rows, isClean };
}

function reconcileRow(
  { day, provider, model }: SpendRow,
  sides: Sides & { readonly hasMoney: boolean },
): ReconciledRow {
  const { ours, theirs, threshold, hasMoney } = sides;
  const own = ours === undefined ? 0 : ours.nanoUsd;
  // What a report with money leaves out, it bills nothing for.
  const absent = hasMoney ? 0 : undefined;
  const other = theirs === undefined ? absent : theirs.nanoUsd;
  const isMoney = own !== undefined && other !== undefined;
  const difference = isMoney ? BigInt(other) - BigInt(own) : 0n;
  const slack = BigInt(theirs?.roundedBy ?? 0);
  const of = BigInt(own ?? 0);
  return {
    day,
    provider,
    model,
    ours: ours ?? null,
    theirs: theirs ?? null,
    driftNanoUsd: isMoney ? Number(difference) : null,
    driftPercent: isMoney ? percentText(difference, of) : null,
    isOverThreshold: isMoney && exceeds(difference, { of, threshold, slack }),
    findings: findingsOf(sides),
  };
}

function spansOf(rows: readonly SpendRow[]): ReadonlyMap<string, DaySpan> {
  const spans = new Map<string, DaySpan>();
  for (const { provider, day } of rows) {
    const { first, last } = spans.get(provider) ?? { first: day, last: day };
    spans.set(provider, { first: day < first ? day : first, last: day > last ? day : last });
  }
  return spans;
}

function moneyProvider({ provider, nanoUsd }: SpendRow): readonly string[] {
  return nanoUsd === undefined ? [] : [provider];
}

function modelKey({ provider, model }: SpendRow): string {
  return JSON.stringify([provider, baseModel(model)]);
}
