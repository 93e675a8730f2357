import type { SettledEvent } from '../guard/events.ts';
import type { Guard } from '../guard/guard.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { createPriceBook, type PriceBook } from '../pricing/price-book.ts';
import { addTokens, CALLS_ONE, TOKENS_ZERO } from '../units/count.ts';
import { nanoUsd, type NanoUsd } from '../units/money.ts';
import { epochMs, systemClock } from '../units/time.ts';
import { reconcile, type ReconciledRow, type Reconciliation } from './compare.ts';
import { isOfPrice, type Finding } from './finding.ts';
import { describeChange, PriceWatch, type PriceChange } from './price-watch.ts';
import { driftEvents } from './propose.ts';
import { dayOf, rowKey, rowSince, type SpendRow } from './row.ts';
import { servedAs } from './served-as.ts';
import { SpendLog } from './spend-log.ts';

/** How a guard's prices are watched. */
export interface WatchOptions {
  /** Percent by which money may differ and still be the card's. Default: 1. */
  readonly thresholdPercent?: number | string;
  /** Default: the bundled prices, with the guard's own `prices` before them. */
  readonly priceBook?: PriceBook;
  /** Takes in what an earlier process logged. */
  readonly log?: SpendLog;
  /**
   * The guard's ledger: then a cost that an answer states above the card's price is booked instead
   * of it. A lower one never is, since a wrong figure would open the gate. Default: the price card
   * is booked, and the provider's figure only compared.
   */
  readonly trustCost?: Ledger;
}

/** A watch that is on. */
export interface PriceWatching {
  /** What the guard has booked since. */
  readonly log: SpendLog;
  /** Changes that were noticed, oldest first. */
  readonly changes: readonly PriceChange[];
  /**
   * Compares the log with the provider's report and tells the guard's listeners of `drift` what is
   * new since the last check: price changes of what was spent in between, and differences of days
   * that are over.
   */
  check(theirs: readonly SpendRow[], at?: number): Reconciliation;
  stop(): void;
}

const DEFAULT_THRESHOLD_PERCENT = 1;

/** Changes that are remembered; later ones are told and not kept. */
export const CHANGES_MAX = 1_000;

/**
 * Watches what the provider bills beside what the guard books, and tells of it as `drift` of the
 * kind `price-changed` or `report-differs`.
 *
 * Where answers state their cost (OpenRouter's `usage.cost`, LiteLLM's header) the first call that
 * is billed otherwise tells; elsewhere the next report that is handed to `check`. Whatever is
 * billed, caps in tokens and calls hold: they count what the answers say was used.
 */
export function watchPrices(guard: Guard, options: WatchOptions = {}): PriceWatching {
  const { root } = guard;
  const thresholdPercent = options.thresholdPercent ?? DEFAULT_THRESHOLD_PERCENT;
  const priceBook = options.priceBook ?? createPriceBook({ overrides: root.settings.prices });
  const log = options.log ?? new SpendLog({ priceBook });
  const watch = new PriceWatch({ thresholdPercent });
  const changes: PriceChange[] = [];
  const told = new Set<string>();
  const reports = new ReportMemory();

  const stop = root.on('settled', (event) => {
    const booked = bookStated(event, { ledger: options.trustCost, root });
    log.add(event, booked);
    const change = observe(event, watch, priceBook);
    if (change === undefined) return;
    if (changes.length < CHANGES_MAX) changes.push(change);
    const { id, at } = change;
    root.noteDrift({ at, id, kind: 'price-changed', message: describeChange(change) });
  });

  return {
    log,
    changes,
    check(theirs, at = systemClock()) {
      const whole = reconcile(log.rows(), theirs, { thresholdPercent });
      const since = reports.since(whole.rows, {
        today: dayOf(at),
        compare: (ours, billed) => reconcile([ours], [billed], { thresholdPercent }),
      });
      const over = whole.rows.filter(({ day }) => day < dayOf(at));
      const news = [
        ...findingsIn(since).filter(({ finding }) => isOfPrice(finding)),
        ...findingsIn(over).filter(({ finding }) => !isOfPrice(finding)),
      ];
      for (const { row, finding } of news) {
        const key = newsKey(row, finding);
        if (told.has(key) || told.size >= TOLD_MAX) continue;
        told.add(key);
        const rows = [{ ...row, findings: [finding] }];
        for (const event of driftEvents({ rows }, at)) root.noteDrift(event);
      }
      return whole;
    },
    stop,
  };
}

interface News {
  readonly row: ReconciledRow;
  readonly finding: Finding;
}

function findingsIn(rows: readonly ReconciledRow[]): readonly News[] {
  return rows.flatMap((row) => row.findings.map((finding) => ({ row, finding })));
}

/** The same price change is told once, and the same kind of difference once for each day. */
function newsKey({ day, provider, model }: ReconciledRow, finding: Finding): string {
  const what = isOfPrice(finding) ? finding : [day, finding.kind];
  return JSON.stringify([provider, model, what]);
}

/** Findings that are remembered as told; when there are more, none is told any more. */
const TOLD_MAX = 100_000;

function observe(event: SettledEvent, watch: PriceWatch, book: PriceBook): PriceChange | undefined {
  const { id, at, provider, model, usage, outcome } = event;
  const [byCard, reported] = [nanoUsd(event.cost_nano_usd), nanoUsd(event.reported_cost_nano_usd)];
  const when = epochMs(at);
  if (outcome !== 'complete' || usage === null) return undefined;
  if (byCard === undefined || reported === undefined || when === undefined) return undefined;
  return watch.observe({
    id,
    at,
    provider,
    model,
    nanoUsd: byCard,
    reportedNanoUsd: reported,
    servedAs: servedAs(usage, { provider, model, at: when, book }),
  });
}

/** Books a stated cost above the card's where it is trusted; what stands booked afterwards. */
function bookStated(
  event: SettledEvent,
  { ledger, root }: { readonly ledger: Ledger | undefined; readonly root: Guard['root'] },
): NanoUsd | undefined {
  const [byCard, stated] = [nanoUsd(event.cost_nano_usd), nanoUsd(event.reported_cost_nano_usd)];
  const at = epochMs(event.at);
  if (ledger === undefined || event.outcome !== 'complete' || event.usage === null) return byCard;
  if (byCard === undefined || stated === undefined || at === undefined) return byCard;
  if (stated <= byCard) return byCard;
  let tokens = TOKENS_ZERO;
  for (const line of event.usage.lines) {
    for (const count of Object.values(line.tokens)) tokens = addTokens(tokens, count);
  }
  const reply = ledger.adjust({
    id: `${event.id}+stated`,
    reservationId: event.id,
    reason: 'the answer states a higher cost than the price card',
    at,
    amounts: { usd: stated, tokens, calls: CALLS_ONE },
  });
  if (reply.kind === 'adjusted') return stated;
  const message = `A stated cost of ${stated} nano-dollars could not be booked (${reply.kind}).`;
  root.noteDrift({ at: event.at, id: event.id, kind: 'settle-failed', message });
  return byCard;
}

/** What was compared last of each model and day, so that the next report tells what is new. */
class ReportMemory {
  readonly #seen = new Map<string, { readonly ours: SpendRow; readonly theirs: SpendRow }>();

  /**
   * The rows of what came since, where both sides moved on by the same tokens. A report that lags
   * behind is waited for, and so is one that has less money for a day that is not over.
   */
  since(rows: readonly ReconciledRow[], { today, compare }: SinceTerms): readonly ReconciledRow[] {
    const news: ReconciledRow[] = [];
    for (const { ours, theirs } of rows) {
      if (ours === null || theirs === null) continue;
      const key = rowKey(ours);
      const before = this.#seen.get(key);
      const own = before === undefined ? ours : rowSince(before.ours, ours);
      const billed = before === undefined ? theirs : rowSince(before.theirs, theirs);
      if (own === undefined || billed === undefined || own.nanoUsd === 0) continue;
      const isBehind = (billed.nanoUsd ?? 0) < (own.nanoUsd ?? 0) && ours.day >= today;
      const compared = compare(own, billed).rows;
      const isLevel = compared.every(({ findings }) => findings.every(isOfPrice));
      if (!isLevel || (isBehind && compared.some(({ findings }) => findings.length > 0))) continue;
      this.#seen.set(key, { ours, theirs });
      this.#forgetOldest();
      news.push(...compared);
    }
    return news;
  }

  #forgetOldest(): void {
    const oldest = this.#seen.size > SEEN_MAX ? this.#seen.keys().next().value : undefined;
    if (oldest !== undefined) this.#seen.delete(oldest);
  }
}

interface SinceTerms {
  readonly today: string;
  readonly compare: (ours: SpendRow, theirs: SpendRow) => Reconciliation;
}

const SEEN_MAX = 50_000;
