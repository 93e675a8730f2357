import { NO_SUMS, plus, type Sums } from '../../ledger/leases/sums.ts';
import type { ReportedEntry } from '../../open/report.ts';
import { isCount } from '../../units/count.ts';
import type { EpochMs } from '../../units/time.ts';

/** What operators ordered that holds now, by the store's journal. */
export interface Standing {
  /** By how much a cap is raised for a scope value. */
  raised(capId: string, scope: string): Sums;
  isClosed(scope: string): boolean;
}

/** Reads the orders of a journal, oldest first: raises that have not ended, and closed scopes. */
export function standingOf(journal: readonly ReportedEntry[], now: EpochMs): Standing {
  const raises = new Map<string, Sums>();
  const closed = new Set<string>();
  for (const { entry } of journal) {
    const order = orderIn(entry);
    if (order === undefined) continue;
    const { kind, scope } = order;
    if (kind === 'close-scope') closed.add(scope);
    if (kind === 'reopen-scope') closed.delete(scope);
    if (kind !== 'raise' || (order.until !== null && order.until <= now)) continue;
    const name = nameOf(order.capId, scope);
    raises.set(name, plus(raises.get(name) ?? NO_SUMS, order.by));
  }
  return {
    raised: (capId, scope) => raises.get(nameOf(capId, scope)) ?? NO_SUMS,
    isClosed: (scope) => closed.has(scope),
  };
}

type Order =
  | { readonly kind: 'close-scope' | 'reopen-scope'; readonly scope: string }
  | {
      readonly kind: 'raise';
      readonly scope: string;
      readonly capId: string;
      readonly by: Sums;
      readonly until: number | null;
    };

function orderIn(entry: unknown): Order | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined;
  const { kind, scope, capId, by, until } = entry as Readonly<Record<string, unknown>>;
  if (typeof scope !== 'string') return undefined;
  if (kind === 'close-scope' || kind === 'reopen-scope') return { kind, scope };
  if (kind !== 'raise' || typeof capId !== 'string' || !Array.isArray(by)) return undefined;
  const [usd, tokens, calls] = by.map((amount: unknown) => (isCount(amount) ? amount : 0));
  const end = typeof until === 'number' ? until : null;
  return { kind, scope, capId, by: [usd ?? 0, tokens ?? 0, calls ?? 0], until: end };
}

function nameOf(capId: string, scope: string): string {
  return `${capId}\u0000${scope}`;
}
