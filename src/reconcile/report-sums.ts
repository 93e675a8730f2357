import { addCounts, type TokenCounts } from '../meter/token-counts.ts';
import { addCalls, type Calls } from '../units/count.ts';
import { scaledDecimal } from '../units/decimal.ts';
import { addNanoUsd, nanoUsd, type NanoUsd } from '../units/money.ts';
import { ReportError } from './report-error.ts';
import type { SpendRow } from './row.ts';

/** Decimals of a dollar in which reports are added up: as fine as any export writes. */
export const USD_DIGITS = 30;

/** One line of a report, its money in 10^-30 dollars. */
export interface ReportLine {
  readonly day: string;
  readonly provider: string;
  readonly model: string;
  readonly tokens?: TokenCounts;
  readonly usd?: bigint;
  readonly calls?: Calls;
  readonly roundedBy?: NanoUsd;
}

/** A decimal in 10^-30 of `1 / 10^unitDigits` dollars: 0 for dollars, 2 for cents. */
export function exactUsd(value: number | string, unitDigits: number): bigint | undefined {
  const read = scaledDecimal(value, USD_DIGITS - unitDigits);
  return read?.isExact === true ? read.scaled : undefined;
}

/**
 * Adds the lines of a report up by day and model, exactly, and rounds money up to whole
 * nano-dollars once at the end. Throws `REPORT_INVALID` for a sum above `NANO_USD_MAX`.
 */
export function sumLines(source: string, lines: Iterable<ReportLine>): readonly SpendRow[] {
  const sums = new Map<string, ReportLine>();
  for (const line of lines) {
    const key = JSON.stringify([line.day, line.provider, line.model]);
    const sum = sums.get(key);
    sums.set(key, sum === undefined ? line : addLines(sum, line));
  }
  return [...sums.values()].map((sum) => rowOf(source, sum));
}

function addLines(left: ReportLine, right: ReportLine): ReportLine {
  const { tokens, usd, calls, roundedBy } = left;
  return {
    ...left,
    ...(right.tokens && { tokens: addCounts(tokens ?? {}, right.tokens) }),
    ...(right.usd !== undefined && { usd: (usd ?? 0n) + right.usd }),
    ...(right.calls !== undefined && {
      calls: calls === undefined ? right.calls : addCalls(calls, right.calls),
    }),
    ...(right.roundedBy !== undefined && {
      roundedBy: roundedBy === undefined ? right.roundedBy : addNanoUsd(roundedBy, right.roundedBy),
    }),
  };
}

function rowOf(source: string, { usd, ...rest }: ReportLine): SpendRow {
  if (usd === undefined) return rest;
  const perNano = 10n ** BigInt(USD_DIGITS - 9);
  const amount = nanoUsd(Number((usd + perNano - 1n) / perNano));
  if (amount !== undefined) return { ...rest, nanoUsd: amount };
  const reason = `more for ${rest.model} on ${rest.day} than an account can count`;
  throw new ReportError({ source, row: null, field: 'amount', reason });
}
