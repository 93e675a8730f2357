import { BudgetCapError } from '../../errors/budget-cap-error.ts';
import { HardcapError } from '../../errors/error.ts';
import { balanceOf, type AccountBalance } from '../../guard/balance.ts';
import { BudgetGuard } from '../../guard/guard.ts';
import type { Reservation } from '../../guard/reservation.ts';
import type { Usage, UsageLine } from '../../meter/usage.ts';
import type { BudgetGuardConfig } from '../../policy/config.ts';
import type { PriceBook } from '../../pricing/price-book.ts';
import type { JsonObject } from '../../providers/provider.ts';
import { tokens } from '../../units/count.ts';
import { shifted, type EpochMs } from '../../units/time.ts';
import { nestedScopes } from './call-scopes.ts';
import type { PlannedCall } from './traffic.ts';

/** A call at its place in the day. */
export interface TimedCall {
  readonly call: PlannedCall;
  /** Milliseconds since the day's midnight. */
  readonly atMs: number;
}

/** A refusal of a call, and by what. */
export interface Refusal {
  readonly call: PlannedCall;
  readonly atMs: number;
  /** The cap that bound it; `undefined`: it was refused for another reason. */
  readonly capId: string | undefined;
  /** `'global'` or `'<dimension>:<value>'`; for another reason the code of its error. */
  readonly scope: string;
  readonly window: string;
  /** Whether the cap only watches: the call went. */
  readonly isObserved: boolean;
}

/** What came of one day under the caps. */
export interface GuardedDay {
  /** Nano-dollars that were spent. */
  readonly spent: number;
  readonly refusals: readonly Refusal[];
}

/** A call that went, once it has settled. */
export interface SettledCall {
  readonly call: PlannedCall;
  /** Nano-dollars that it was settled at. */
  readonly cost: number;
  /** Whether it was changed so that it fits. */
  readonly isAdapted: boolean;
  /** The accounts that it drew on, as they stand now. */
  readonly accounts: readonly AccountBalance[];
}

/** How calls are played otherwise than a day of a forecast. */
export interface PlayTerms {
  /** When whatever is in flight ends, in milliseconds; default: the day's last. */
  readonly lastMs?: number;
  /** Told of every call that went, in the order of their ends. */
  readonly onSettled?: (settled: SettledCall) => void;
}

/** What is needed to guard simulated days. */
export interface GuardTerms {
  readonly config: BudgetGuardConfig;
  readonly book: PriceBook;
  /** Midnight of the first day. */
  readonly start: EpochMs;
}

const DAY_MS = 86_400_000;

/** One guard over days that follow each other, in simulated time, on a ledger of its own. */
export class GuardedRun {
  readonly #guard: BudgetGuard;
  readonly #start: EpochMs;
  #now: EpochMs;
  #calls = 0;
  #observed: Refusal[] = [];
  #asked: TimedCall | undefined;
  #spent = 0;

  constructor({ config, book, start }: GuardTerms) {
    this.#start = start;
    this.#now = start;
    const clock = () => this.#now;
    // Nothing waits for real time here: a timer that never comes is never missed.
    const schedule = () => () => undefined;
    this.#guard = new BudgetGuard(config, { clock, priceBook: book, schedule });
    this.#guard.on('settled', ({ cost_nano_usd: cost }) => (this.#spent += cost));
    if (this.#guard.settings.caps.some(({ mode }) => mode === 'observe')) {
      this.#guard.on('reserved', ({ observed }) => {
        if (this.#asked === undefined) return;
        for (const { cap_id: capId, scope, window } of observed) {
          this.#observed.push({ ...this.#asked, capId, scope, window, isObserved: true });
        }
      });
    }
  }

  /** Makes the day's calls, in the order of their times; all are answered before it returns. */
  play(day: number, calls: readonly TimedCall[], terms: PlayTerms = {}): GuardedDay {
    const midnight = shifted(this.#start, day * DAY_MS);
    const held = new Map<TimedCall, Reservation>();
    const ends = calls.toSorted((left, right) => endOf(left) - endOf(right));
    const refusals: Refusal[] = [];
    this.#spent = 0;
    let ended = 0;
    const endUntil = (atMs: number): void => {
      for (let next = ends[ended]; next !== undefined; next = ends[ended]) {
        if (endOf(next) > atMs) return;
        ended += 1;
        this.#settle(next, held, { midnight, ...terms });
      }
    };
    for (const timed of calls) {
      endUntil(timed.atMs);
      this.#now = shifted(midnight, timed.atMs);
      this.#asked = timed;
      const answer = this.#guard.tryReserve(this.#callOf(timed.call));
      if (answer instanceof HardcapError) refusals.push(refusalOf(answer, timed));
      else held.set(timed, answer);
    }
    endUntil(Infinity);
    const observed = this.#observed.splice(0);
    return { spent: this.#spent, refusals: [...refusals, ...observed] };
  }

  #settle(
    timed: TimedCall,
    held: Map<TimedCall, Reservation>,
    { midnight, lastMs = DAY_MS - 1, onSettled }: PlayTerms & { readonly midnight: EpochMs },
  ): void {
    const reservation = held.get(timed);
    if (reservation === undefined) return;
    held.delete(timed);
    // What is in flight at midnight ends with the day, so that days do not run into each other.
    this.#now = shifted(midnight, Math.min(endOf(timed), lastMs));
    const before = this.#spent;
    reservation.settle(usedOf(timed.call.usage, reservation));
    if (onSettled === undefined) return;
    const { ledger } = this.#guard.keeping;
    onSettled({
      call: timed.call,
      cost: this.#spent - before,
      isAdapted: reservation.adaptation !== undefined,
      accounts: reservation.quote.accounts.map((account) => balanceOf(ledger, account)),
    });
  }

  #callOf({ provider, route, model, scopes, bodyBytes, outputMax }: PlannedCall) {
    this.#calls += 1;
    const body = bodyOf({ route, model, bytes: bodyBytes, outputMax, number: this.#calls });
    return { provider, route, body, scopes: nestedScopes(scopes) };
  }
}

function endOf({ call, atMs }: TimedCall): number {
  return atMs + call.durationMs;
}

/** An answer that the guard made room for by a lower ceiling is no longer than that. */
function usedOf(given: Usage, { adaptation, quote }: Reservation): Usage {
  // The forecast's own bill counts what names no tier as standard; the guard, as the dearest.
  const usage = { lines: given.lines.map(inItsTier) };
  if (adaptation === undefined) return usage;
  const [line, ...others] = usage.lines;
  const output = line?.tokens.output ?? 0;
  const most = tokens(Math.min(output, quote.bound.outputTokens));
  if (line === undefined || most === undefined) return usage;
  const cut: UsageLine = { ...line, tokens: { ...line.tokens, output: most } };
  return { lines: [cut, ...others] };
}

function inItsTier(line: UsageLine): UsageLine {
  return { ...line, serviceTier: line.serviceTier ?? 'standard' };
}

function refusalOf(error: HardcapError, timed: TimedCall): Refusal {
  const [binding] = error instanceof BudgetCapError ? error.accounts : [];
  if (binding === undefined) {
    return { ...timed, capId: undefined, scope: error.code, window: '', isObserved: false };
  }
  const { cap_id: capId, scope, window } = binding;
  return { ...timed, capId, scope, window, isObserved: false };
}

interface BodyTerms {
  readonly route: string;
  readonly model: string;
  readonly bytes: number;
  readonly outputMax: number | undefined;
  readonly number: number;
}

/**
 * A request of the size and ceiling of the planned one. Its text is numbered, so that no two are
 * the same request.
 */
function bodyOf({ route, model, bytes, outputMax, number }: BodyTerms): JsonObject {
  const content = textOf(bytes, number);
  const messages = [{ role: 'user', content }];
  switch (route) {
    case 'messages':
      return { model, max_tokens: outputMax ?? 0, messages };
    case 'responses':
      return { model, input: content, ...ceiling('max_output_tokens', outputMax) };
    case 'embeddings':
      return { model, input: content };
    case 'completions':
      return { model, prompt: content, ...ceiling('max_tokens', outputMax) };
    case 'images.generations':
      return { model, prompt: content };
    default:
      return { model, messages, ...ceiling('max_completion_tokens', outputMax) };
  }
}

function ceiling(field: string, outputMax: number | undefined): JsonObject {
  return outputMax === undefined ? {} : { [field]: outputMax };
}

const PROSE = 'the cap was set and then the run ate all of it at one go so we add one ';
/** About what a request is beside its text. */
const FRAME_BYTES = 80;
let prose = PROSE;

function textOf(bytes: number, number: number): string {
  const mark = `${number} `;
  const length = Math.max(0, bytes - FRAME_BYTES - mark.length);
  while (prose.length < length) prose += prose;
  return mark + prose.slice(0, length);
}
