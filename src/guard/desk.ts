import { BudgetCapError } from '../errors/budget-cap-error.ts';
import { OperationError, type HardcapError } from '../errors/error.ts';
import type { ReserveOrder, ReserveReply, Short } from '../ledger/ledger.ts';
import type { ReadCallOptions } from '../policy/call-options.ts';
import { capRefusal } from '../policy/shortfall.ts';
import type { EpochMs } from '../units/time.ts';
import { storeNotAsked, storeUnavailable } from './admission.ts';
import { affordableOutputTokens } from './affordable.ts';
import type { Call, Quote } from './call.ts';
import { giveBack, type LoopAttempt, type Loops } from './loops/loops.ts';
import { withExpected, type Adaptation } from './near-cap/adaptation.ts';
import { drawOf, Reservation, type ReservationPorts } from './reservation.ts';

/** One call that somebody wants to make, as it was asked for. */
export interface Attempt {
  readonly call: Call;
  readonly options: ReadCallOptions | undefined;
  readonly loops: LoopAttempt | undefined;
  /** Whether the caller awaits the answer: else no store is asked, and no room waited for. */
  readonly mayAwait: boolean;
}

/** What a ledger's yes is about. */
export interface HeldTerms {
  readonly quote: Quote;
  readonly order: ReserveOrder;
  readonly attempt: Attempt;
  /** What was made of the call so that it fits; `undefined`: it goes as it was asked for. */
  readonly adaptation: Adaptation | undefined;
}

/** Whom a refusal concerned. */
export interface RefusalSubject {
  readonly provider: string;
  readonly model: string | null;
}

/** Turns what the ledger says into a reservation or a refusal, and tells the listeners. */
export class Desk {
  readonly #ports: ReservationPorts;
  readonly #loops: Loops;

  constructor(ports: ReservationPorts, loops: Loops) {
    this.#ports = ports;
    this.#loops = loops;
  }

  /**
   * The reservation of a hold that stands; the refusal, with the hold given back, when a cap on
   * loops was reached while the call waited.
   */
  held(terms: HeldTerms, short: readonly Short[]): Reservation | HardcapError {
    const { quote, order, attempt } = terms;
    const adaptation = withExpected(terms.adaptation, quote);
    const looped = attempt.loops?.count(quote, order.at);
    const observed = [...short.map(({ account }) => account), ...(looped?.observed ?? [])];
    const reservation = new Reservation(order.id, quote, this.#ports, adaptation);
    this.#ports.events.emit('reserved', () => ({
      id: order.id,
      at: order.at,
      provider: quote.provider.name,
      model: quote.facts.model,
      route: quote.facts.route,
      draws: reservation.draws(),
      held_nano_usd: quote.amounts.usd,
      observed: [...new Set(observed)].map(drawOf),
    }));
    if (looped?.refusal !== undefined) {
      giveBack(reservation);
      return this.refused(looped.refusal, attempt.call);
    }
    if (adaptation !== undefined) {
      const { name: provider } = quote.provider;
      this.#ports.events.emit('adapted', () => ({
        id: order.id,
        at: order.at,
        provider,
        ...adaptation,
      }));
    }
    return reservation;
  }

  /** The refusal that a reply without a hold stands for, where no strategy is left. */
  refusedBy(reply: Exclude<ReserveReply, { kind: 'reserved' }>, terms: HeldTerms): HardcapError {
    const { order, attempt } = terms;
    switch (reply.kind) {
      case 'refused':
      case 'ask':
        return this.refusedShort(reply.short ?? [], { ...terms, at: order.at });
      case 'unavailable':
        return this.refused(storeUnavailable(reply.cause), attempt.call);
      case 'conflict':
        return this.refused(
          new OperationError('STORE_CONFLICT', `Reservation id ${order.id} is already taken.`),
          attempt.call,
        );
    }
  }

  /** The refusal for want of room; `short` is empty where only the store knows. */
  refusedShort(
    short: readonly Short[],
    { quote, at, attempt }: { quote: Quote; at: EpochMs; attempt: Attempt },
  ): HardcapError {
    if (short.length === 0) return this.refused(storeNotAsked(), attempt.call);
    const storm = this.#loops.storm(quote, at);
    return this.refused(capError(quote, short, { at, storm }), attempt.call);
  }

  refused(error: HardcapError, { provider, body }: Call): HardcapError {
    const model = typeof body['model'] === 'string' ? body['model'] : null;
    this.note(error, { provider, model });
    return error;
  }

  /** Tells listeners of a refusal. */
  note(error: HardcapError, { provider, model }: RefusalSubject): void {
    this.#ports.events.emit('refused', () => ({
      at: this.#ports.clock(),
      provider,
      model,
      code: error.code,
      message: error.message,
      error: error.toJSON(),
    }));
  }
}

/** Says which account binds, and with which output ceiling the call would fit. */
export function capError(
  quote: Quote,
  short: readonly Short[],
  { at, storm }: { readonly at: EpochMs; readonly storm?: ReturnType<Loops['storm']> },
): BudgetCapError {
  const affordable = affordableOutputTokens(quote, short);
  const { amounts, facts } = quote;
  const asked = { amounts, model: facts.model, affordableOutputTokens: affordable };
  return new BudgetCapError({ ...capRefusal({ short, at, ...asked }), storm });
}
