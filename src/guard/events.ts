import type { Usage } from '../meter/usage.ts';
import type { Adaptation } from './near-cap/adaptation.ts';

/** How an attempt ended, as far as the provider's bill goes. */
export type AttemptOutcome =
  /** Proof that the request never left. Released. */
  | 'unsent'
  /** The provider itself said no or failed, and bills nothing. Released. */
  | 'refused'
  /** The provider's final usage was read. Settled at its cost. */
  | 'complete'
  /** The answer broke off; what was reported is booked, the rest at its bound. */
  | 'partial'
  /** Nothing reliable was said. Settled at the bound. */
  | 'unknown'
  /** Nobody ended it in time. Closed as spent. */
  | 'abandoned';

/** One account's share of a reservation, in an event. */
export interface DrawEvent {
  readonly cap_id: string;
  readonly scope: string;
  readonly window: string;
}

interface AttemptEvent {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly provider: string;
  readonly model: string;
  readonly route: string;
  readonly draws: readonly DrawEvent[];
}

/** Money is held and the request is about to leave. */
export interface ReservedEvent extends AttemptEvent {
  readonly held_nano_usd: number;
  /** Caps in `observe` mode that would have refused it. */
  readonly observed: readonly DrawEvent[];
}

/** A hold has ended, whichever way. */
export interface SettledEvent extends AttemptEvent {
  readonly held_nano_usd: number;
  /** What was booked: 0 for a release. */
  readonly cost_nano_usd: number;
  /**
   * What the provider itself says the answer cost (`usage.cost`, `x-litellm-response-cost`); `null`
   * where it does not say. It books nothing.
   */
  readonly reported_cost_nano_usd: number | null;
  readonly outcome: AttemptOutcome;
  /** What was metered; `null` when nothing reliable was. */
  readonly usage: Usage | null;
  /** Why the outcome is not `complete`; `null` when it is. */
  readonly reason: string | null;
}

/** A call was changed, counted again or kept waiting so that it fits. Comes after `reserved`. */
export interface AdaptedEvent extends Adaptation {
  readonly id: string;
  readonly at: number;
  readonly provider: string;
}

/** The guard said no. Nothing was held, nothing was sent. */
export interface RefusedEvent {
  readonly at: number;
  readonly provider: string;
  readonly model: string | null;
  readonly code: string;
  readonly message: string;
  /** The error's own JSON. */
  readonly error: Readonly<Record<string, unknown>>;
}

/** An account's spent has passed one of its cap's thresholds. */
export interface ThresholdEvent extends DrawEvent {
  readonly at: number;
  /** The fraction of the cap that was passed, in (0, 1]. */
  readonly threshold: number;
  readonly spent_nano_usd: number;
  readonly cap_nano_usd: number;
}

/** An account's spent is above its cap: it admits nothing until its window ends. */
export interface OverdrawnEvent extends DrawEvent {
  readonly at: number;
  readonly id: string;
  readonly spent_nano_usd: number;
  readonly cap_nano_usd: number | null;
}

/** Something the guard took for granted turned out otherwise. */
export interface DriftEvent {
  readonly at: number;
  readonly id: string | null;
  /**
   * `above-bound`: the provider billed more than the bound. `hostile-usage`: its figures cannot be
   * meant.
   * `usage-missing`: it gave none. `late-usage`: figures came after the hold had been closed.
   * `unpriced-model`: a model without a price card answered. `stale-prices`: the price book is old.
   * `settle-failed`: the ledger could not record the end of a hold, which stands.
   * `ledger-fault`: a shared ledger lost its store, its place in it, or its journal.
   * `cut`: an answer ended at the ceiling that `expect` had lowered it to. `step-refused`: the next
   * step of a running stream did not fit; the message says whether it was stopped.
   * `price-changed`: the provider bills otherwise than the price card says. `report-differs`: its
   * report and the books disagree on what was sent. Both come from `hardcap/reconcile`.
   */
  readonly kind:
    | 'above-bound'
    | 'hostile-usage'
    | 'usage-missing'
    | 'late-usage'
    | 'unpriced-model'
    | 'stale-prices'
    | 'settle-failed'
    | 'ledger-fault'
    | 'cut'
    | 'step-refused'
    | 'price-changed'
    | 'report-differs';
  readonly message: string;
}

/** Every event by name. All are plain JSON-safe values; money is whole nano-dollars. */
export interface GuardEvents {
  readonly reserved: ReservedEvent;
  readonly adapted: AdaptedEvent;
  readonly settled: SettledEvent;
  readonly refused: RefusedEvent;
  readonly threshold: ThresholdEvent;
  readonly overdrawn: OverdrawnEvent;
  readonly drift: DriftEvent;
}

/** What `on` can listen for. */
export type GuardEventName = keyof GuardEvents;

/** Takes a listener off again. */
export type Unsubscribe = () => void;

type Listener = (event: never) => void;

/** Tells listeners, in the order they came. A listener that throws cannot touch the books. */
export class EventHub {
  readonly #listeners = new Map<GuardEventName, Set<Listener>>();

  on<N extends GuardEventName>(name: N, listener: (event: GuardEvents[N]) => void): Unsubscribe {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Whether anybody listens: events are built only then. */
  has(name: GuardEventName): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0;
  }

  /**
   * Builds the event only if somebody listens. A throwing listener surfaces as an uncaught error.
   */
  emit<N extends GuardEventName>(name: N, build: () => GuardEvents[N]): void {
    const listeners = this.#listeners.get(name);
    if (listeners === undefined || listeners.size === 0) return;
    const event = build();
    for (const listener of listeners) {
      try {
        (listener as (event: GuardEvents[N]) => void)(event);
      } catch (error) {
        // The books have moved already; the listener's own bug must surface, but not here.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
