import { startOf, type AccountRow } from '../books/account-row.ts';

/** What one account booked in one window: a line of the report. */
export interface ReportRow {
  readonly cap_id: string;
  readonly scope: string;
  /** How people call the window; empty where the store does not keep it. */
  readonly window: string;
  /** ISO 8601, in UTC; `null` for a lifetime. */
  readonly starts_at: string | null;
  /** When it stops counting; `null` for a lifetime. */
  readonly leaves_at: string | null;
  readonly spent_nano_usd: number;
  readonly spent_tokens: number;
  readonly spent_calls: number;
  readonly held_nano_usd: number;
  /** As last used; `null`: no ceiling in dollars, or the store does not keep it. */
  readonly cap_nano_usd: number | null;
}

/** What one scope value spent under one cap, over all windows of the report. */
export interface ScopeSum {
  readonly scope: string;
  readonly spent_nano_usd: number;
}

/** All that one cap counted. */
export interface CapReport {
  readonly cap_id: string;
  readonly window: string;
  readonly spent_nano_usd: number;
  /** Greatest first. */
  readonly scopes: readonly ScopeSum[];
  /** By start, oldest first. */
  readonly rows: readonly ReportRow[];
}

/** What `hardcap report --json` prints, and what page and table are made of. */
export interface SpendReport {
  /** ISO 8601, in UTC. */
  readonly made_at: string;
  /** Where the ledger is kept, without secrets. */
  readonly ledger: string;
  readonly since: string | null;
  readonly until: string | null;
  /** In the order of their spend, greatest first. Each counts the same calls by another rule. */
  readonly caps: readonly CapReport[];
}

/** Which windows a report is about: those that began in `[since, until)`, and lifetimes. */
export interface Span {
  readonly since: number | undefined;
  readonly until: number | undefined;
}

/** The rows of a ledger as a report: by cap, by scope value and by window. */
export function reportOf(
  rows: readonly AccountRow[],
  { since, until }: Span,
  about: { readonly madeAt: number; readonly ledger: string },
): SpendReport {
  const byCap = new Map<string, ReportRow[]>();
  for (const row of rows) {
    const start = startOf(row);
    const isIn = start >= (since ?? -Infinity) && start < (until ?? Infinity);
    if (row.leavesAt !== null && !isIn) continue;
    const list = byCap.get(row.capId) ?? [];
    byCap.set(row.capId, list);
    list.push(reportRow(row, start));
  }
  const caps = [...byCap].map(([capId, list]) => capReport(capId, list));
  return {
    made_at: isoOf(about.madeAt),
    ledger: about.ledger,
    since: since === undefined ? null : isoOf(since),
    until: until === undefined ? null : isoOf(until),
    caps: caps.toSorted((left, right) => right.spent_nano_usd - left.spent_nano_usd),
  };
}

function reportRow(row: AccountRow, start: number): ReportRow {
  const [usd, tokens, calls] = row.spent;
  return {
    cap_id: row.capId,
    scope: row.scope,
    window: row.window ?? '',
    starts_at: row.leavesAt === null ? null : isoOf(start),
    leaves_at: row.leavesAt === null ? null : isoOf(row.leavesAt),
    spent_nano_usd: usd,
    spent_tokens: tokens,
    spent_calls: calls,
    held_nano_usd: row.held[0],
    cap_nano_usd: row.ceiling?.[0] ?? null,
  };
}

function capReport(capId: string, list: readonly ReportRow[]): CapReport {
  const sums = new Map<string, number>();
  for (const { scope, spent_nano_usd: spent } of list) {
    sums.set(scope, (sums.get(scope) ?? 0) + spent);
  }
  const scopes = [...sums].map(([scope, spent]) => ({ scope, spent_nano_usd: spent }));
  return {
    cap_id: capId,
    window: list.find(({ window }) => window !== '')?.window ?? '',
    spent_nano_usd: scopes.reduce((sum, { spent_nano_usd: spent }) => sum + spent, 0),
    scopes: scopes.toSorted((left, right) => right.spent_nano_usd - left.spent_nano_usd),
    rows: list.toSorted((left, right) =>
      (left.starts_at ?? '').localeCompare(right.starts_at ?? ''),
    ),
  };
}

function isoOf(at: number): string {
  return new Date(at).toISOString();
}
