import type { DriftEvent } from '../guard/events.ts';
import type { AdjustOrder } from '../open/operations.ts';
import type { ReconciledRow, Reconciliation } from './compare.ts';
import { describeFinding, isOfPrice } from './finding.ts';
import { tokensTotal, type SpendRow } from './row.ts';

/** An event for each finding, and for each row over the threshold without one. */
export function driftEvents(
  { rows }: Pick<Reconciliation, 'rows'>,
  at: number,
): readonly DriftEvent[] {
  return rows.flatMap((row) => {
    const { findings, isOverThreshold } = row;
    const told = findings.map((finding) => ({
      at,
      id: null,
      kind: isOfPrice(finding) ? ('price-changed' as const) : ('report-differs' as const),
      message: `${nameOf(row)}: ${describeFinding(finding)}${driftOf(row)}.`,
    }));
    if (told.length > 0 || !isOverThreshold) return told;
    const message = `${nameOf(row)}: the money differs${driftOf(row)}.`;
    return [{ at, id: null, kind: 'report-differs' as const, message }];
  });
}

/** By whom and where proposals are to be booked. */
export interface Proposing {
  readonly who: string;
  /** Milliseconds since the epoch, of every order. */
  readonly at: number;
  /** The caps and scope values that a row's money was spent under: the books keep no models. */
  readonly accountsOf: (
    row: ReconciledRow,
  ) => readonly { readonly cap: string; readonly scope: string }[];
  /** Proposes to take from the books too, where less was billed. Default: false. */
  readonly mayLower?: boolean;
}

/**
 * Orders for `operations.adjust` that bring the books to what the provider bills, for rows over the
 * threshold. Nothing is carried out: read them, then give each to `operations.adjust`.
 *
 * They change what is booked in the current window of the cap. The id is made of day, model, cap
 * and scope, so that one row is booked once however often it is proposed. Lowering is proposed
 * only where `mayLower` says so: a report that lags behind would open the gate.
 */
export function proposeAdjusts(
  { rows }: Pick<Reconciliation, 'rows'>,
  { who, at, accountsOf, mayLower = false }: Proposing,
): readonly AdjustOrder[] {
  return rows.flatMap((row) => {
    const { driftNanoUsd, isOverThreshold } = row;
    if (driftNanoUsd === null || !isOverThreshold || driftNanoUsd === 0) return [];
    if (driftNanoUsd < 0 && !mayLower) return [];
    const told = row.findings.map(describeFinding).join('; ') || 'the money differs';
    const reason = `reconciled ${nameOf(row)}: ${told}${driftOf(row)}`;
    const figures = { nano_usd: driftNanoUsd, ...counts(row, mayLower) };
    return accountsOf(row).map(({ cap, scope }) => {
      const id = `reconcile ${row.day} ${row.provider} ${row.model} ${cap} ${scope}`;
      return { id, at, who, reason, cap, scope, ...figures };
    });
  });
}

function counts({ ours, theirs }: ReconciledRow, mayLower: boolean) {
  const tokens = difference(tokensIn(ours), tokensIn(theirs), mayLower);
  const calls = difference(ours === null ? 0 : ours.calls, theirs?.calls, mayLower);
  return { ...(tokens !== 0 && { tokens }), ...(calls !== 0 && { calls }) };
}

function tokensIn(row: SpendRow | null): number | undefined {
  if (row === null) return 0;
  return row.tokens === undefined ? undefined : tokensTotal(row.tokens);
}

function difference(
  ours: number | undefined,
  theirs: number | undefined,
  mayLower: boolean,
): number {
  if (ours === undefined || theirs === undefined) return 0;
  return mayLower ? theirs - ours : Math.max(0, theirs - ours);
}

function nameOf({ day, provider, model }: ReconciledRow): string {
  return `${day} ${provider} ${model}`;
}

function driftOf({ driftPercent, driftNanoUsd }: ReconciledRow): string {
  if (driftNanoUsd === null || driftNanoUsd === 0) return '';
  const sign = driftNanoUsd > 0 ? '+' : '';
  const percent = driftPercent === null ? '' : ` (${sign}${driftPercent} %)`;
  return `; ${sign}${driftNanoUsd} nano-dollars${percent}`;
}
