import { BudgetCapError } from '../errors/budget-cap-error.ts';
import { HardcapError, OperationError } from '../errors/error.ts';
import type { Account } from '../ledger/account.ts';
import type { Ledger, ReserveOrder, ReserveReply, Short } from '../ledger/ledger.ts';
import type { BudgetGuardConfig } from '../policy/config.ts';
import { createPolicy, type Policy } from '../policy/plan.ts';
import { readConfig, type GuardSettings } from '../policy/read-config.ts';
import type { Scopes } from '../policy/scope.ts';
import { capRefusal } from '../policy/shortfall.ts';
import { createPriceBook, type PriceBook } from '../pricing/price-book.ts';
import { createMemoryLedger } from '../stores/memory/books/memory-ledger.ts';
import { usdOf } from '../units/money.ts';
import { systemClock, type Clock, type EpochMs } from '../units/time.ts';
import {
  heldByHand,
  isMustAsk,
  storeNotAsked,
  storeUnavailable,
  withoutWaiting,
  type Admission,
} from './admission.ts';
import { affordableOutputTokens } from './affordable.ts';
import { balanceOf, shortOf, type AccountBalance } from './balance.ts';
import { scopeList, type Call, type Quote } from './call.ts';
import { readConfigFile } from './config-file.ts';
import { ScopeContext } from './context.ts';
import { EventHub, type GuardEventName, type GuardEvents, type Unsubscribe } from './events.ts';
import { HistoryMemory } from './history.ts';
import { createIds } from './ids.ts';
import { assumptionsOf, quoteCall, type ProviderAssumptions } from './quote.ts';
import { drawOf, Reservation, type ReservationPorts } from './reservation.ts';
import { flushed, sharedOf, tellFaults } from './shared.ts';
import { TightMeasure } from './tight.ts';
import { monotone, warnOfStalePrices } from './clock.ts';
import { UnendedHolds } from './unended.ts';
import { GuardView, narrowAll } from './view.ts';

/** What a guard takes from outside instead of making it itself. */
export interface GuardPorts {
  /** Where accounts are kept; default: in this process's memory. */
  readonly ledger?: Ledger;
  readonly clock?: Clock;
  readonly priceBook?: PriceBook;
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
  run<T>(scopes: Scopes, fn: () => T): T;
  /** A view bound to scopes, to pass around where async context does not reach. */
  for(scopes: Scopes): Guard;
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
  /** @internal Tells listeners of a refusal that fell before the guard was asked. */
  noteRefusal(error: HardcapError, about: RefusalSubject): void;
  /** @internal How long an answer may stand unread before its hold is closed as spent. */
  readonly idleTimeoutMs: number;
}

/** Whom a refusal concerned. */
export interface RefusalSubject {
  readonly provider: string;
  readonly model: string | null;
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
  readonly #context = new ScopeContext();
  readonly #ports: ReservationPorts;
  readonly #assumptions: ProviderAssumptions;
  readonly #newId = createIds();

  constructor(config: BudgetGuardConfig, ports: GuardPorts = {}) {
    this.#settings = readConfig(config);
    this.#policy = createPolicy(this.#settings.caps);
    const history = new HistoryMemory();
    this.#assumptions = assumptionsOf(this.#settings, history);
    const tight = this.#settings.inputBound === 'tight' ? new TightMeasure() : undefined;
    const clock = monotone(ports.clock ?? systemClock);
    const book = ports.priceBook ?? createPriceBook({ overrides: this.#settings.prices });
    const ledger = ports.ledger ?? createMemoryLedger();
    const [events, unended] = [new EventHub(), new UnendedHolds()];
    this.#ports = { ledger, book, clock, events, history, tight, unended };
    tellFaults(ledger, events, clock);
    warnOfStalePrices(book, clock(), this.#settings.maxPriceAgeDays);
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
  get idleTimeoutMs(): number {
    return this.#settings.idleTimeoutMs;
  }

  run<T>(scopes: Scopes, fn: () => T): T {
    return this.#context.run(scopes, fn);
  }

  for(scopes: Scopes): Guard {
    return new GuardView(this, [scopes]);
  }

  on<N extends GuardEventName>(name: N, listener: (event: GuardEvents[N]) => void): Unsubscribe {
    return this.#ports.events.on(name, listener);
  }

  reserve(call: Call): Reservation {
    return heldByHand(withoutWaiting(this.admit(call)));
  }

  async reserveAsync(call: Call): Promise<Reservation> {
    const admission = this.admit(call);
    return heldByHand(isMustAsk(admission) ? await admission.ask() : admission);
  }

  tryReserve(call: Call): Reservation | HardcapError {
    const answer = withoutWaiting(this.admit(call));
    return answer instanceof Reservation ? answer.watched() : answer;
  }

  check(call: Call): Check {
    const at = this.#ports.clock();
    const quote = this.quote(call, at);
    if (quote instanceof HardcapError) {
      return { fits: false, bound_usd: null, bound_nano_usd: null, error: quote };
    }
    const short = shortOf(this.#ports.ledger, quote);
    const error = short.length === 0 ? null : this.#capError(quote, short, at);
    const bound = quote.amounts.usd;
    return { fits: error === null, bound_usd: usdOf(bound), bound_nano_usd: bound, error };
  }

  balance(scopes: Scopes | readonly Scopes[] = []): readonly AccountBalance[] {
    const { ledger } = this.#ports;
    return this.#accountsOf(scopes).map((account) => balanceOf(ledger, account));
  }

  async warm(scopes: Scopes | readonly Scopes[] = []): Promise<void> {
    await sharedOf(this.#ports.ledger)?.warm(this.#accountsOf(scopes));
  }

  async refresh(scopes: Scopes | readonly Scopes[] = []): Promise<void> {
    await sharedOf(this.#ports.ledger)?.refresh(this.#accountsOf(scopes));
  }

  /**
   * Resolves when all that was booked is where the ledger keeps it for good. Rejects with
   * `STORE_UNAVAILABLE`.
   */
  async flush(): Promise<void> {
    await flushed(this.#ports.ledger, this.#ports.unended);
  }

  /**
   * Ends this guard's part in a shared ledger: holds that are open are closed as spent, and all
   * that is left goes back. Afterwards every call is refused. Without a shared store nothing ends.
   * Rejects with `STORE_UNAVAILABLE`; what could not be told, recovery does later.
   */
  async close(): Promise<void> {
    const { ledger, unended } = this.#ports;
    unended.retry();
    const shared = sharedOf(ledger);
    if (shared === undefined) return;
    unended.stop();
    await shared.close();
  }

  /**
   * @internal The way every attempt takes: bound, price, plan, reserve. No `await` stands between
   * the check and the hold. A refusal is a value; `MustAsk` means that the ledger cannot decide
   * locally.
   */
  admit(call: Call): Admission {
    const at = this.#ports.clock();
    const quote = this.quote(call, at);
    if (quote instanceof HardcapError) return this.#refused(quote, call);
    const order: ReserveOrder = {
      id: this.#newId(),
      at,
      amounts: quote.amounts,
      accounts: quote.accounts,
    };
    const reply = this.#ports.ledger.reserve(order);
    const terms = { quote, order, call };
    if (reply.kind !== 'ask') return this.#admitted(reply, terms);
    return {
      kind: 'must-ask',
      ask: () => this.#ask(terms),
      refuse: () => this.#refusedUnasked(reply, terms),
    };
  }

  #accountsOf(scopes: Scopes | readonly Scopes[]): readonly Account[] {
    const set = narrowAll(this.#context.current(), scopeList(scopes));
    return this.#policy.accountsOf(set, this.#ports.clock());
  }

  /** @internal Bounded, priced and planned, or the error that says why not. */
  quote(call: Call, at: EpochMs): Quote | HardcapError {
    const scopes = narrowAll(this.#context.current(), scopeList(call.scopes));
    const { book } = this.#ports;
    return quoteCall(call, {
      scopes,
      at,
      book,
      policy: this.#policy,
      assumptions: this.#assumptions,
      tight: this.#ports.tight,
    });
  }

  async #ask(terms: AdmissionTerms): Promise<Reservation | HardcapError> {
    let reply: ReserveReply;
    try {
      reply = await this.#ports.ledger.reserveAsync(terms.order);
    } catch (cause) {
      // A ledger that breaks its word; whatever it means, nothing may leave on it.
      const error = cause instanceof HardcapError ? cause : storeUnavailable(cause);
      return this.#refused(error, terms.call);
    }
    return this.#admitted(reply, terms);
  }

  #admitted(
    reply: ReserveReply,
    { quote, order, call }: AdmissionTerms,
  ): Reservation | HardcapError {
    switch (reply.kind) {
      case 'reserved':
        return this.#reserved(quote, order, reply.observedShort);
      case 'refused':
        return this.#refused(this.#capError(quote, reply.short, order.at), call);
      case 'ask':
        return this.#refusedUnasked(reply, { quote, order, call });
      case 'unavailable':
        return this.#refused(storeUnavailable(reply.cause), call);
      case 'conflict':
        return this.#refused(
          new OperationError('STORE_CONFLICT', `Reservation id ${order.id} is already taken.`),
          call,
        );
    }
  }

  /** Whoever does not wait is refused by what the ledger knows without its store. */
  #refusedUnasked({ short = [] }: MustAskReply, { quote, order, call }: AdmissionTerms) {
    const isShort = short.length > 0;
    const error = isShort ? this.#capError(quote, short, order.at) : storeNotAsked();
    return this.#refused(error, call);
  }

  #reserved(quote: Quote, order: ReserveOrder, observed: readonly Short[]): Reservation {
    const reservation = new Reservation(order.id, quote, this.#ports);
    this.#ports.events.emit('reserved', () => ({
      id: order.id,
      at: order.at,
      provider: quote.provider.name,
      model: quote.facts.model,
      route: quote.facts.route,
      draws: reservation.draws(),
      held_nano_usd: quote.amounts.usd,
      observed: observed.map(({ account }) => drawOf(account)),
    }));
    return reservation;
  }

  #capError(quote: Quote, short: readonly Short[], at: EpochMs): BudgetCapError {
    const affordable = affordableOutputTokens(quote, short);
    return new BudgetCapError(
      capRefusal({
        short,
        at,
        amounts: quote.amounts,
        model: quote.facts.model,
        affordableOutputTokens: affordable,
      }),
    );
  }

  /** @internal */
  noteRefusal(error: HardcapError, { provider, model }: RefusalSubject): void {
    this.#ports.events.emit('refused', () => ({
      at: this.#ports.clock(),
      provider,
      model,
      code: error.code,
      message: error.message,
      error: error.toJSON(),
    }));
  }

  #refused(error: HardcapError, { provider, body }: Call): HardcapError {
    const model = typeof body['model'] === 'string' ? body['model'] : null;
    this.noteRefusal(error, { provider, model });
    return error;
  }
}

/** What a reply of the ledger is about. */
interface AdmissionTerms {
  readonly quote: Quote;
  readonly order: ReserveOrder;
  readonly call: Call;
}

type MustAskReply = Extract<ReserveReply, { readonly kind: 'ask' }>;
