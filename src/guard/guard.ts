import { Budget } from '../budget/budget.ts';
import type { BudgetAmounts } from '../budget/budget-amounts.ts';
import { BudgetMint } from '../budget/mint.ts';
import { HardcapError } from '../errors/error.ts';
import type { Tokenizer } from '../estimate/tokenizer.ts';
import type { Account } from '../ledger/account.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Schedule } from '../ledger/leases/ports.ts';
import type { BudgetGuardConfig } from '../policy/config.ts';
import { joinOptions, readCallOptions, type CallOptions } from '../policy/call-options.ts';
import type { ReadCallOptions } from '../policy/call-options.ts';
import { createPolicy, type Policy } from '../policy/plan.ts';
import { readConfig, type GuardSettings } from '../policy/read-config.ts';
import type { Scopes, ScopeSet } from '../policy/scope.ts';
import { createPriceBook, type PriceBook } from '../pricing/price-book.ts';
import { createMemoryLedger } from '../stores/memory/books/memory-ledger.ts';
import { usdOf } from '../units/money.ts';
import { systemClock, type Clock, type EpochMs } from '../units/time.ts';
import { heldByHand, isMustAsk, withoutWaiting, type Admission } from './admission.ts';
import { balanceOf, shortOf, type AccountBalance } from './balance.ts';
import { BudgetLedger, withoutBudgets } from './budgets/budget-ledger.ts';
import { readRunScopes, withBudgets, type RunScopes } from './budgets/budget-scopes.ts';
import { scopeList, type Call, type Quote } from './call.ts';
import { readConfigFile } from './config-file.ts';
import { ScopeContext } from './context.ts';
import { capError, Desk, type Attempt, type RefusalSubject } from './desk.ts';
import { Expectations } from './expect/expectations.ts';
import { EventHub, type GuardEventName, type GuardEvents, type Unsubscribe } from './events.ts';
import { HistoryMemory } from './history.ts';
import { createIds } from './ids.ts';
import { Loops } from './loops/loops.ts';
import { createNearCap, createWaitingRoom } from './near-cap/create.ts';
import type { NearCap } from './near-cap/near-cap.ts';
import type { WaitingRoom } from './near-cap/waiting-room.ts';
import { assumptionsOf, quoteCall, type ProviderAssumptions } from './quote.ts';
import { Reservation, type ReservationPorts } from './reservation.ts';
import { flushed, sharedOf, tellFaults, type Keeping } from './shared.ts';
import { tightMeasure, type InputMeasure } from './tight.ts';
import { monotone, warnOfStalePrices } from './clock.ts';
import { UnendedHolds } from './unended.ts';
import { GuardView, narrowAll } from './view.ts';

/** What a guard takes from outside instead of making it itself. */
export interface GuardPorts {
  /** Where accounts are kept; default: in this process's memory. */
  readonly ledger?: Ledger;
  readonly clock?: Clock;
  readonly priceBook?: PriceBook;
  /**
   * Counts the tokens of a text for a model, for `onShort: 'count'`. It is given pieces of at most
   * 512 characters, and only where the cheap bound does not fit.
   */
  readonly tokenizer?: Tokenizer;
  /** What waiting is timed with; default: the timers of the runtime. */
  readonly schedule?: Schedule;
  /** What every call through the guard has, outside of every `run` and view; default: nothing. */
  readonly scopes?: Scopes;
}

/** The answer to `check`: what would happen now, with nothing held. */
export interface Check {
  readonly fits: boolean;
  /** Dollars: the most the call can cost; `null` when it cannot be bounded or priced. */
  readonly bound_usd: number | null;
  /** Nano-dollars: the same, exactly. */
  readonly bound_nano_usd: number | null;
  /** What `reserve` would throw; `null` when it fits. */
  readonly error: HardcapError | null;
}

/** What can be asked of a guard, or of a view of it that is bound to scopes. */
export interface Guard {
  /** Runs `fn` with these scopes around every call in it, through `await`, timers and callbacks. */
  run<T>(scopes: RunScopes, fn: () => T, options?: CallOptions): T;
  /** A view bound to scopes, to pass around where async context does not reach. */
  for(scopes: RunScopes, options?: CallOptions): Guard;
  check(call: Call): Check;
  /** Holds the call's bound on every account, or throws and holds nothing. Synchronous. */
  reserve(call: Call): Reservation;
  /** The same, waiting where the ledger has to ask its store. */
  reserveAsync(call: Call): Promise<Reservation>;
  /** The same with the refusal as a value. */
  tryReserve(call: Call): Reservation | HardcapError;
  /** The balances of the accounts that a call with these scopes draws on. */
  balance(scopes?: Scopes | readonly Scopes[]): readonly AccountBalance[];
  /**
   * Gets room on the accounts of these scopes ahead of the calls that will need it, so that those
   * need not wait for a store. Does nothing where no store is shared.
   */
  warm(scopes?: Scopes | readonly Scopes[]): Promise<void>;
  /**
   * Brings `balance` of these scopes up to date with what others spend and hold in a shared store.
   * Rejects with `STORE_UNAVAILABLE`.
   */
  refresh(scopes?: Scopes | readonly Scopes[]): Promise<void>;
  on<N extends GuardEventName>(name: N, listener: (event: GuardEvents[N]) => void): Unsubscribe;
  /** @internal The same as `tryReserve`, for adapters that can wait for a store. */
  admit(call: Call): Admission;
  /** @internal The guard itself, of which this may be a view. */
  readonly root: BudgetGuard;
  /** @internal The scopes that this view adds, outermost first. */
  readonly ownScopes: readonly Scopes[];
  /** @internal The options that this view adds. */
  readonly ownOptions: ReadCallOptions | undefined;
  /** @internal Tells listeners of a refusal that fell before the guard was asked. */
  noteRefusal(error: HardcapError, about: RefusalSubject): void;
  /** @internal How long an answer may stand unread before its hold is closed as spent. */
  readonly idleTimeoutMs: number;
}

/**
 * Caps that hold: no attempt starts unless the most it can cost fits into every cap that applies,
 * on top of all that is spent and held there. Check and hold are one synchronous step.
 *
 * Throws `CONFIG_INVALID` at construction when the configuration cannot be meant.
 *
 * @example
 * const guard = new BudgetGuard({ global_cap_per_day_usd: 50, per_customer_cap_per_day_usd: 2 });
 * await guard.run({ customer: 'acme' }, () => anthropic.messages.create({ ... }));
 */
export class BudgetGuard implements Guard {
  readonly #settings: GuardSettings;
  readonly #policy: Policy;
  /** What keeps all accounts but the budgets. */
  readonly #ledger: Ledger;
  readonly #schedule: Schedule | undefined;
  readonly #mint = BudgetMint.ofGuard();
  readonly #context: ScopeContext;
  readonly #ports: ReservationPorts;
  readonly #assumptions: ProviderAssumptions;
  /** How the input of every call is measured, where not by the hard bound. */
  readonly #measure: InputMeasure | undefined;
  readonly #newId = createIds();
  readonly #loops: Loops;
  readonly #desk: Desk;
  readonly #nearCap: NearCap;
  readonly #expectations: Expectations;
  readonly #room: WaitingRoom;

  constructor(config: BudgetGuardConfig, ports: GuardPorts = {}) {
    const settings = readConfig(config);
    this.#settings = settings;
    this.#context = new ScopeContext(ports.scopes);
    const behind = ports.ledger ?? createMemoryLedger();
    this.#policy = withBudgets(createPolicy(settings.caps), behind);
    const history = new HistoryMemory();
    this.#assumptions = assumptionsOf(settings, history);
    this.#measure = settings.inputBound === 'tight' ? tightMeasure() : undefined;
    const clock = monotone(ports.clock ?? systemClock);
    const book = ports.priceBook ?? createPriceBook({ overrides: settings.prices });
    const ledger = new BudgetLedger(behind);
    this.#ledger = behind;
    this.#schedule = ports.schedule;
    const [events, unended] = [new EventHub(), new UnendedHolds()];
    this.#room = createWaitingRoom({ ledger: behind, clock, settings, schedule: ports.schedule });
    this.#ports = { ledger, book, clock, events, history, unended, room: this.#room };
    this.#loops = new Loops(settings.caps, ledger);
    this.#desk = new Desk(this.#ports, this.#loops);
    this.#expectations = new Expectations({
      settings,
      policy: this.#policy,
      book,
      clock,
      assumptions: this.#assumptions,
      measure: this.#measure,
    });
    this.#nearCap = createNearCap({
      ...this.#ports,
      room: this.#room,
      desk: this.#desk,
      newId: this.#newId,
      settings,
      policy: this.#policy,
      assumptions: this.#assumptions,
      measure: this.#measure,
      tokenizer: ports.tokenizer,
    });
    tellFaults(behind, events, clock);
    warnOfStalePrices(book, clock(), settings.maxPriceAgeDays);
  }

  /**
   * A guard from a JSON file, by default `budget-guard.config.json` in the working directory.
   * Throws `CONFIG_INVALID` when the file is missing, not JSON, or cannot be meant.
   */
  static fromConfig(path?: string, ports?: GuardPorts): BudgetGuard {
    return new BudgetGuard(readConfigFile(path), ports);
  }

  /** The validated configuration, defaults filled in. */
  get settings(): GuardSettings {
    return this.#settings;
  }

  /** @internal */
  get root(): BudgetGuard {
    return this;
  }

  /** @internal */
  get ownScopes(): readonly Scopes[] {
    return [];
  }

  /** @internal */
  get ownOptions(): undefined {
    return undefined;
  }

  /** @internal */
  get idleTimeoutMs(): number {
    return this.#settings.idleTimeoutMs;
  }

  /** @internal For those who book on the ledger themselves. */
  get keeping(): Keeping {
    const { clock, unended } = this.#ports;
    return { ledger: this.#ledger, clock, unended, schedule: this.#schedule };
  }

  /** @internal The scopes around the running code. */
  get scopesHere(): ScopeSet {
    return this.#context.current().scopes;
  }

  /** @internal What runs functions with the scopes of here and now, wherever it is called. */
  here(): <T>(fn: () => T) => T {
    return this.#context.here();
  }

  run<T>(scopes: RunScopes, fn: () => T, options?: CallOptions): T {
    return this.#context.run(readRunScopes(scopes), fn, readCallOptions(options));
  }

  for(scopes: RunScopes, options?: CallOptions): Guard {
    return new GuardView(this, [readRunScopes(scopes)], readCallOptions(options));
  }

  on<N extends GuardEventName>(name: N, listener: (event: GuardEvents[N]) => void): Unsubscribe {
    return this.#ports.events.on(name, listener);
  }

  reserve(call: Call): Reservation {
    return heldByHand(withoutWaiting(this.#admit(call, false)));
  }

  async reserveAsync(call: Call): Promise<Reservation> {
    const admission = this.admit(call);
    return heldByHand(isMustAsk(admission) ? await admission.ask() : admission);
  }

  tryReserve(call: Call): Reservation | HardcapError {
    const answer = withoutWaiting(this.#admit(call, false));
    return answer instanceof Reservation ? answer.watched() : answer;
  }

  /**
   * A budget out of nothing but the caps, which its calls draw on as well: an account like any
   * other, to be split, delegated and handed on. Throws `REQUEST_INVALID`.
   *
   * @example
   * const run = guard.budget({ usd: 5 }, 'research');
   * const [child, rest] = run.delegate({ usd: 1 }, 'reader');
   * await guard.run({ budget: child }, () => readerAgent());
   */
  budget(amounts: BudgetAmounts, name?: string): Budget {
    return Budget.create(this.#mint, amounts, name);
  }

  check(call: Call): Check {
    const at = this.#ports.clock();
    const asked = this.quote(call, at);
    if (asked instanceof HardcapError) {
      return { fits: false, bound_usd: null, bound_nano_usd: null, error: asked };
    }
    const quote = this.#expectations.apply(asked, { call, options: this.#optionsOf(call) });
    const short = shortOf(this.#ports.ledger, quote);
    const looped = this.#loops.begin(asked, at);
    const shortError = short.length === 0 ? null : capError(quote, short, { at });
    const error = looped instanceof HardcapError ? looped : shortError;
    const bound = quote.amounts.usd;
    return { fits: error === null, bound_usd: usdOf(bound), bound_nano_usd: bound, error };
  }

  balance(scopes: Scopes | readonly Scopes[] = []): readonly AccountBalance[] {
    const { ledger } = this.#ports;
    return this.#accountsOf(scopes).map((account) => balanceOf(ledger, account));
  }

  async warm(scopes: Scopes | readonly Scopes[] = []): Promise<void> {
    await sharedOf(this.#ledger)?.warm(withoutBudgets(this.#accountsOf(scopes)));
  }

  async refresh(scopes: Scopes | readonly Scopes[] = []): Promise<void> {
    await sharedOf(this.#ledger)?.refresh(withoutBudgets(this.#accountsOf(scopes)));
  }

  /**
   * Resolves when all that was booked is where the ledger keeps it for good. Rejects with
   * `STORE_UNAVAILABLE`.
   */
  async flush(): Promise<void> {
    await flushed(this.#ledger, this.#ports.unended);
  }

  /**
   * Ends this guard's part in a shared ledger: holds that are open are closed as spent, and all
   * that is left goes back. Afterwards every call is refused. Without a shared store nothing ends.
   * Rejects with `STORE_UNAVAILABLE`; what could not be told, recovery does later.
   */
  async close(): Promise<void> {
    const { unended } = this.#ports;
    unended.retry();
    const shared = sharedOf(this.#ledger);
    if (shared === undefined) return;
    unended.stop();
    this.#room.close();
    await shared.close();
  }

  /** @internal */
  admit(call: Call): Admission {
    return this.#admit(call, true);
  }

  /**
   * The way every attempt takes: bound, price, plan, reserve. No `await` stands between the check
   * and the hold. A refusal is a value; `MustAsk` means that something must be awaited first.
   */
  #admit(call: Call, mayAwait: boolean): Admission {
    const at = this.#ports.clock();
    const options = this.#optionsOf(call);
    const asked = this.#quote(call, at, options);
    if (asked instanceof HardcapError) return this.#desk.refused(asked, call);
    const loops = this.#loops.begin(asked, at);
    if (loops instanceof HardcapError) return this.#desk.refused(loops, call);
    const attempt: Attempt = { call, options, loops, mayAwait };
    const quote = this.#expectations.apply(asked, attempt);
    const behind = this.#nearCap.goBehind(quote, attempt);
    if (behind !== undefined) return behind;
    const { amounts, accounts } = quote;
    const order = { id: this.#newId(), at, amounts, accounts };
    const reply = this.#ports.ledger.reserve(order);
    if (reply.kind !== 'reserved') return this.#nearCap.pursue(quote, { order, reply }, attempt);
    return this.#desk.held({ quote, order, attempt, adaptation: undefined }, reply.observedShort);
  }

  #accountsOf(scopes: Scopes | readonly Scopes[]): readonly Account[] {
    const set = narrowAll(this.#context.current().scopes, scopeList(scopes));
    return this.#policy.accountsOf(set, this.#ports.clock());
  }

  #optionsOf(call: Call): ReadCallOptions | undefined {
    const around = joinOptions(call.clientOptions, this.#context.current().options);
    return joinOptions(around, readCallOptions(call.options));
  }

  /** @internal Bounded, priced and planned, or the error that says why not. */
  quote(call: Call, at: EpochMs): Quote | HardcapError {
    return this.#quote(call, at, this.#optionsOf(call));
  }

  #quote(call: Call, at: EpochMs, options: ReadCallOptions | undefined): Quote | HardcapError {
    const scopes = narrowAll(this.#context.current().scopes, scopeList(call.scopes));
    return quoteCall(call, {
      scopes,
      at,
      book: this.#ports.book,
      policy: this.#policy,
      assumptions: this.#assumptions,
      measure: this.#measure,
      isWrapUp: options?.wrapUp === true,
    });
  }

  /** @internal */
  noteRefusal(error: HardcapError, about: RefusalSubject): void {
    this.#desk.note(error, about);
  }

  /** @internal For those who compare the books with something outside. */
  noteDrift(event: GuardEvents['drift']): void {
    this.#ports.events.emit('drift', () => event);
  }
}
