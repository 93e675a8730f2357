import type { SettledEvent } from '../guard/events.ts';
import type { TokenCounts } from '../meter/token-counts.ts';
import type { FeeKind, UsageLine } from '../meter/usage.ts';
import { cost } from '../pricing/cost.ts';
import { createPriceBook, type PriceBook } from '../pricing/price-book.ts';
import { CALLS_ONE, CALLS_ZERO } from '../units/count.ts';
import { nanoUsd, NANO_USD_ZERO, subtractNanoUsd, type NanoUsd } from '../units/money.ts';
import { epochMs, type EpochMs } from '../units/time.ts';
import { dayOf, readRows, rowKey, sumRows, type SpendRow } from './row.ts';
import { cardsOf, servedAs, type PricedCall } from './served-as.ts';

/** How many rows are kept; the oldest is dropped first, and `dropped` says how many were. */
export const SPEND_ROWS_MAX = 50_000;

/** What a spend log may be given. */
export interface SpendLogOptions {
  /** By which calls are priced as served otherwise; default: the bundled prices. */
  readonly priceBook?: PriceBook | undefined;
  /** Rows of an earlier log, as `JSON.parse` gives them back. */
  readonly rows?: readonly unknown[];
}

/**
 * What the books say was spent, by UTC day, provider and model: the books' side of a
 * reconciliation. Feed it with `guard.on('settled', (event) => log.add(event))`.
 *
 * Calls that were released are not in it. A call whose usage was never said counts as `unmetered`,
 * at the bound that stands booked for it. Figures that come after a hold has ended change the
 * books and not this log. The day is that of the end of the call.
 */
export class SpendLog {
  readonly #book: PriceBook;
  readonly #rows = new Map<string, SpendRow>();
  #dropped = 0;

  /** Throws `REPORT_INVALID` for rows that are none. */
  constructor({ priceBook = createPriceBook(), rows = [] }: SpendLogOptions = {}) {
    this.#book = priceBook;
    for (const row of readRows(rows)) this.#put(row);
  }

  /** Rows that were dropped for want of room. */
  get dropped(): number {
    return this.#dropped;
  }

  /** The rows, in the order of their first call. */
  rows(): readonly SpendRow[] {
    return [...this.#rows.values()];
  }

  /** The rows, for `JSON.stringify`. */
  toJSON(): readonly SpendRow[] {
    return this.rows();
  }

  /** Takes in one ended call, with what is booked for it: by default what the event says. */
  add(event: SettledEvent, booked = nanoUsd(event.cost_nano_usd)): void {
    if (event.outcome === 'unsent' || event.outcome === 'refused') return;
    const at = epochMs(event.at);
    if (at === undefined || booked === undefined) return;
    for (const row of rowsOf(event, { at, booked, book: this.#book })) this.#put(row);
  }

  #put(row: SpendRow): void {
    const key = rowKey(row);
    const before = this.#rows.get(key);
    const sum = sumRows(before === undefined ? [row] : [before, row]).get(key);
    if (sum !== undefined) this.#rows.set(key, sum);
    const oldest = this.#rows.size > SPEND_ROWS_MAX ? this.#rows.keys().next().value : undefined;
    if (oldest !== undefined && this.#rows.delete(oldest)) this.#dropped += 1;
  }
}

interface BookedTerms {
  readonly at: EpochMs;
  readonly booked: NanoUsd;
  readonly book: PriceBook;
}

function rowsOf(event: SettledEvent, { at, booked, book }: BookedTerms): readonly SpendRow[] {
  const { provider, model, usage, outcome } = event;
  const day = dayOf(at);
  const [main, ...others] = usage?.lines ?? [];
  if (outcome !== 'complete' || main === undefined) {
    const row = { day, provider, model, tokens: {}, nanoUsd: booked };
    return [{ ...row, calls: CALLS_ONE, unmetered: CALLS_ONE }];
  }
  const call: PricedCall = { provider, model, at, book };
  const beside = [main, ...others].flatMap((line) => feeRows(line, { day, call }));
  const apart: readonly SpendRow[] = others.map((line) => ({
    day,
    provider,
    model: line.model ?? model,
    tokens: line.tokens,
    nanoUsd: priceOf({ ...line, fees: {} }, call) ?? NANO_USD_ZERO,
    calls: CALLS_ZERO,
    ...served(line, call),
  }));
  let rest = booked;
  for (const row of [...apart, ...beside]) rest = subtractNanoUsd(rest, row.nanoUsd ?? booked);
  const own = { day, provider, model: main.model ?? model, nanoUsd: rest, calls: CALLS_ONE };
  return [{ ...own, tokens: main.tokens, ...served(main, call) }, ...apart, ...beside];
}

function served(line: UsageLine, call: PricedCall): Pick<SpendRow, 'servedAs'> {
  return { servedAs: servedAs({ lines: [{ ...line, fees: {} }] }, call) };
}

const FEE_ROWS: Readonly<Record<FeeKind, string>> = {
  webSearch: '(web_search)',
  fileSearch: '(file_search)',
  codeSession: '(code_execution)',
  image: '(image)',
};

/** Providers report fees beside models, not as part of them. */
function feeRows(
  line: UsageLine,
  { day, call }: { readonly day: string; readonly call: PricedCall },
): readonly SpendRow[] {
  return (Object.keys(FEE_ROWS) as FeeKind[]).flatMap((kind) => {
    const count = line.fees[kind] ?? 0;
    if (count === 0) return [];
    const price = priceOf({ ...line, tokens: NO_TOKENS, fees: { [kind]: count } }, call);
    if (price === undefined) return [];
    return [{ day, provider: call.provider, model: FEE_ROWS[kind], nanoUsd: price }];
  });
}

const NO_TOKENS: TokenCounts = {};

function priceOf(line: UsageLine, call: PricedCall): NanoUsd | undefined {
  const price = cost({ lines: [line] }, cardsOf(call));
  return typeof price === 'number' ? price : undefined;
}
