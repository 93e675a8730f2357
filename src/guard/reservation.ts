import { HardcapError, MisuseError, OperationError, invariant } from '../errors/error.ts';
import type { Account, Amounts } from '../ledger/account.ts';
import { beyondAmounts, sameAmounts } from '../ledger/amounts.ts';
import type { AdjustReply, EndReply, ExtendOrder, ExtendReply } from '../ledger/ledger.ts';
import type { Ledger, Outcome } from '../ledger/ledger.ts';
import type { Meter, MeterReading, Usage } from '../meter/usage.ts';
import { NANO_USD_ZERO, subtractNanoUsd, usdOf, type NanoUsd } from '../units/money.ts';
import { CALLS_ZERO, TOKENS_ZERO } from '../units/count.ts';
import type { Clock } from '../units/time.ts';
import type { JsonObject } from '../providers/provider.ts';
import type { PriceBook } from '../pricing/price-book.ts';
import type { Quote } from './call.ts';
import type { HistoryMemory } from './history.ts';
import type { Adaptation } from './near-cap/adaptation.ts';
import type { UnendedHolds } from './unended.ts';
import type { DriftEvent, DrawEvent, EventHub } from './events.ts';
import { readRawUsage } from './raw-usage.ts';
import { atBound, driftMessage, settlementOf, type Settlement } from './settlement.ts';
import { measuredQuote } from './expect/apply.ts';
import { heldWhole } from './expect/steps.ts';

const NOTHING: Amounts = { usd: NANO_USD_ZERO, tokens: TOKENS_ZERO, calls: CALLS_ZERO };

/** The last net: a reservation that its owner dropped without ending it is closed as spent. */
const dropped = new FinalizationRegistry<Reservation>((twin) => {
  try {
    twin.expire('the reservation was dropped without being ended');
  } catch (error) {
    // There is nobody to tell but the listeners of `drift`, and those were told; it is tried again.
    if (!(error instanceof HardcapError)) throw error;
  }
});

/** What a reservation needs of its guard. */
export interface ReservationPorts {
  readonly ledger: Ledger;
  readonly book: PriceBook;
  readonly clock: Clock;
  readonly events: EventHub;
  readonly history: HistoryMemory;
  readonly unended: UnendedHolds;
  /** Where calls wait for what ended holds leave. */
  readonly room: { wake(accounts: readonly Account[]): void };
}

const ENDED_CODES = {
  settled: 'RESERVATION_SETTLED',
  released: 'RESERVATION_RELEASED',
  expired: 'RESERVATION_EXPIRED',
} as const;

/**
 * Money held for one attempt. It ends exactly once: settled at what was billed, released on proof
 * that nothing was, or closed as spent.
 *
 * @example
 * using reservation = guard.reserve({ provider: 'anthropic', body });
 * const answer = await send(body);
 * reservation.settle(answer.usage);
 */
export class Reservation {
  readonly id: string;
  /** What was made of the call so that it fits; `undefined`: nothing. */
  readonly adaptation: Adaptation | undefined;
  readonly #ports: ReservationPorts;
  #quote: Quote;
  /** What an answer that was stopped is booked at, where it does not say. */
  #stoppedAt: Quote | undefined;
  #ended: Outcome | undefined;
  /** What was booked when it ended, so that late figures can correct it. */
  #booked: Amounts = NOTHING;
  #adjustments = 0;
  /** What the provider itself says the answer cost. */
  #reportedCost: NanoUsd | undefined;

  constructor(id: string, quote: Quote, ports: ReservationPorts, adaptation?: Adaptation) {
    this.id = id;
    this.#quote = quote;
    this.#ports = ports;
    this.adaptation = adaptation;
  }

  /** What is held for. Whoever sends the request sends `quote.facts`: it may have been adapted. */
  get quote(): Quote {
    return this.#quote;
  }

  /** Dollars held: the most this attempt can cost. */
  get held_usd(): number {
    return usdOf(this.quote.amounts.usd);
  }

  /** Whether the hold still stands. */
  get isOpen(): boolean {
    return this.#ended === undefined;
  }

  /**
   * Replaces the hold by what the provider billed: its whole answer, its raw `usage` object, or a
   * `Usage`. Prefer the whole answer: the service tier and some fees stand outside `usage`, and
   * what is not said is booked at the dearest that was open.
   *
   * Without usage, or with figures that cannot be meant, the whole bound is booked.
   * Throws `RESERVATION_SETTLED`, `RESERVATION_RELEASED` or `RESERVATION_EXPIRED` when it has ended
   * before, and `STORE_UNAVAILABLE` when the ledger cannot write; the hold then stands, and the
   * guard goes on trying to end it at these figures.
   */
  settle(usage: Usage | JsonObject | undefined): void {
    this.#mustBeOpen();
    const reading = readRawUsage(usage, this.quote);
    this.noteReportedCost(reportedIn(reading));
    this.#learnFrom(reading);
    this.#finish(settlementOf(reading, this.#settling(reading)));
  }

  /** Gives the whole hold back. `proof` says why nothing was billed; it is kept in the journal. */
  release(proof: string): void {
    this.#mustBeOpen();
    if (proof === '') {
      throw new MisuseError('REQUEST_INVALID', 'proof = "": say why nothing was billed.');
    }
    this.releaseAs('unsent', proof);
  }

  /** Closes an abandoned hold as spent. Does nothing when it has ended. */
  [Symbol.dispose](): void {
    if (this.isOpen) this.expire('the reservation went out of scope unsettled');
  }

  /** @internal Closed as spent when it is collected unended; for reservations held by hand. */
  watched(): this {
    dropped.register(this, new Reservation(this.id, this.quote, this.#ports), this);
    return this;
  }

  /** @internal A meter for the answer to this attempt. */
  meter(contentType: string): Meter {
    return this.quote.provider.meter(this.quote.facts, contentType);
  }

  /** @internal Keeps the provider's own figure of the cost for the event; it books nothing. */
  noteReportedCost(cost: NanoUsd | undefined): void {
    this.#reportedCost = cost ?? this.#reportedCost;
  }

  /** @internal Ends the hold by what the meter read. */
  finishAt(reading: MeterReading): void {
    this.noteReportedCost(reportedIn(reading));
    const settlement = settlementOf(reading, this.#settling(reading));
    this.#learnFrom(reading);
    this.#rememberHistory(reading);
    if (settlement.outcome === 'refused') this.#release(settlement);
    else this.#finish(settlement);
  }

  /** @internal Gives the hold back: the request never left, or the provider itself refused it. */
  releaseAs(outcome: 'unsent' | 'refused', proof: string): void {
    this.#release({ ...atBound(this.quote, proof), outcome });
  }

  /** @internal Books the whole bound: nobody knows whether it was billed. */
  settleUnknown(reason: string): void {
    this.#finish(atBound(this.#bounding(), reason));
  }

  /** @internal Closes the hold as spent at its bound. */
  expire(reason: string): void {
    const { ledger, clock } = this.#ports;
    const settlement = { ...atBound(this.#bounding(), reason), outcome: 'abandoned' as const };
    const order = () => ledger.expire({ id: this.id, at: clock(), reason });
    if (sameAmounts(settlement.amounts, this.#quote.amounts)) this.#end(order, settlement);
    else this.#finish(settlement);
  }

  /** @internal What holding for `next` takes beyond what is held. */
  extensionTo(next: Quote): ExtendOrder {
    const by = beyondAmounts(next.amounts, this.#quote.amounts);
    return { id: this.id, at: this.#ports.clock(), by };
  }

  /** @internal Holds for `next` instead, the same attempt held for more. */
  extendTo(next: Quote): ExtendReply {
    const reply = this.#ports.ledger.extend(this.extensionTo(next));
    if (reply.kind === 'extended') this.#quote = next;
    return reply;
  }

  /** @internal Ends the hold of an answer that was stopped when so much of it may have come. */
  finishStopped(reading: MeterReading, produced: Quote): void {
    this.#stoppedAt = produced;
    this.finishAt(reading);
  }

  /**
   * @internal Final figures that came after the end: the books follow them, with the reason kept.
   */
  correctAt(reading: MeterReading, reason: string): void {
    invariant(this.#ended !== undefined, 'only an ended reservation is corrected');
    const settlement = settlementOf(reading, this.#settling(reading));
    if (settlement.outcome !== 'complete' || sameAmounts(settlement.amounts, this.#booked)) return;
    const { ledger, clock } = this.#ports;
    this.#adjustments += 1;
    const order = { id: `${this.id}+${this.#adjustments}`, reservationId: this.id, reason };
    const reply = ledger.adjust({ ...order, at: clock(), amounts: settlement.amounts });
    this.#report(reply, settlement, reason);
  }

  /** @internal The guard's own words for the draws, for events. */
  draws(): readonly DrawEvent[] {
    return this.quote.accounts.map(drawOf);
  }

  /** Learned before the end is booked: it is true whether or not the ledger can write. */
  #learnFrom(reading: MeterReading): void {
    if (reading.kind !== 'complete') return;
    const { measure, expected, facts } = this.#quote;
    measure?.observe(measuredQuote(this.#quote), reading.usage);
    const isCut = expected?.observe(this.#quote, reading.usage) === true;
    if (!isCut || expected?.asked === undefined) return;
    this.note('cut', `An answer of ${facts.model} was cut at the length that was expected.`);
  }

  /**
   * Where a later request may continue from this answer by its id, that id has a known size now.
   */
  #rememberHistory(reading: MeterReading): void {
    const { provider, facts } = this.quote;
    if (reading.kind !== 'complete' || reading.responseId === undefined) return;
    if (!provider.keepsHistory(facts)) return;
    const { responseId: id, usage } = reading;
    this.#ports.history.remember({ provider: provider.name, model: facts.model, id, usage });
  }

  #settling({ kind }: MeterReading) {
    const quote = kind === 'complete' ? this.#quote : this.#bounding();
    return { quote, book: this.#ports.book, at: this.#ports.clock() };
  }

  /**
   * What bounds the bill where the answer does not say: a stream that is held for in steps may have
   * been produced to its end while nobody read it.
   */
  #bounding(): Quote {
    return this.#stoppedAt ?? heldWhole(this.#quote);
  }

  #mustBeOpen(): void {
    if (this.#ended === undefined) return;
    const code = ENDED_CODES[this.#ended];
    throw new MisuseError(code, `Reservation ${this.id} has already been ${this.#ended}.`);
  }

  #finish(settlement: Settlement): void {
    const { ledger, clock } = this.#ports;
    const { amounts } = settlement;
    this.#end(() => ledger.settle({ id: this.id, at: clock(), amounts }), settlement);
  }

  #release(settlement: Settlement): void {
    const { ledger, clock } = this.#ports;
    const reason = settlement.reason ?? settlement.outcome;
    this.#end(() => ledger.release({ id: this.id, at: clock(), reason }), settlement);
  }

  #end(order: () => EndReply, settlement: Settlement): void {
    const reply = order();
    switch (reply.kind) {
      case 'ended':
        this.#endAs(reply.outcome, settlement, reply.overdrawn);
        return;
      case 'already':
        this.#ended = reply.outcome;
        this.#ports.unended.forget(this.id);
        this.#mustBeOpen();
        return;
      case 'unknown-id':
        throw new MisuseError('RESERVATION_UNKNOWN', `No reservation ${this.id} in the ledger.`);
      case 'unavailable':
        this.note('settle-failed', 'The ledger cannot write; the hold stands.');
        this.#ports.unended.keep(this.id, () => this.#endLate(order, settlement));
        throw new OperationError(
          'STORE_UNAVAILABLE',
          `The ledger cannot close reservation ${this.id}; its hold stands.`,
          { cause: reply.cause },
        );
    }
  }

  /** Tries an end again that the ledger could not record. `false` when it still cannot. */
  #endLate(order: () => EndReply, settlement: Settlement): boolean {
    if (!this.isOpen) return true;
    const reply = order();
    switch (reply.kind) {
      case 'unavailable':
        return false;
      case 'ended':
        this.#endAs(reply.outcome, settlement, reply.overdrawn);
        return true;
      case 'already':
        this.#ended = reply.outcome;
        return true;
      case 'unknown-id':
        this.note('settle-failed', 'The ledger does not know the hold any more.');
        return true;
    }
  }

  #endAs(outcome: Outcome, settlement: Settlement, overdrawn: readonly Account[]): void {
    if (this.#ended !== undefined) return;
    this.#ended = outcome;
    this.#booked = outcome === 'released' ? NOTHING : settlement.amounts;
    dropped.unregister(this);
    this.#ports.unended.forget(this.id);
    this.#announce(settlement, overdrawn);
    this.#ports.room.wake(this.quote.accounts);
  }

  #announce(settlement: Settlement, overdrawn: readonly Account[]): void {
    const { events, clock } = this.#ports;
    const { provider, facts, amounts } = this.quote;
    events.emit('settled', () => ({
      id: this.id,
      at: clock(),
      provider: provider.name,
      model: facts.model,
      route: facts.route,
      draws: this.draws(),
      held_nano_usd: amounts.usd,
      cost_nano_usd: this.#booked.usd,
      reported_cost_nano_usd: this.#reportedCost ?? null,
      outcome: settlement.outcome,
      usage: settlement.usage,
      reason: settlement.reason,
    }));
    if (settlement.drift !== null) this.note(settlement.drift, driftMessage(settlement, amounts));
    this.#announceAccounts(overdrawn, this.#booked.usd);
  }

  #announceAccounts(overdrawn: readonly Account[], addedUsd: NanoUsd): void {
    const { events, ledger, clock } = this.#ports;
    if (events.has('threshold')) {
      for (const account of this.quote.accounts) this.#announceThresholds(account, addedUsd);
    }
    for (const account of overdrawn) {
      events.emit('overdrawn', () => ({
        ...drawOf(account),
        at: clock(),
        id: this.id,
        spent_nano_usd: ledger.balance(account).spent.usd,
        cap_nano_usd: account.ceiling.usd ?? null,
      }));
    }
  }

  #announceThresholds(account: Account, addedUsd: NanoUsd): void {
    const { events, ledger, clock } = this.#ports;
    const cap = account.ceiling.usd;
    if (cap === undefined) return;
    const spent = ledger.balance(account).spent.usd;
    for (const threshold of account.thresholds ?? []) {
      const line = cap * threshold;
      if (spent < line || spent - addedUsd >= line) continue;
      events.emit('threshold', () => ({
        ...drawOf(account),
        at: clock(),
        threshold,
        spent_nano_usd: spent,
        cap_nano_usd: cap,
      }));
    }
  }

  #report(reply: AdjustReply, settlement: Settlement, reason: string): void {
    if (reply.kind !== 'adjusted') {
      this.note('settle-failed', `A correction could not be booked (${reply.kind}): ${reason}`);
      return;
    }
    const addedUsd = subtractNanoUsd(settlement.amounts.usd, this.#booked.usd);
    this.#booked = settlement.amounts;
    this.note('late-usage', reason);
    this.#announceAccounts(reply.overdrawn, addedUsd);
    this.#ports.room.wake(this.quote.accounts);
  }

  /** @internal Tells listeners of something that turned out otherwise. */
  note(kind: DriftEvent['kind'], message: string): void {
    const { events, clock } = this.#ports;
    events.emit('drift', () => ({ at: clock(), id: this.id, kind, message }));
  }
}

/** How an account is named in events. */
export function drawOf(account: Account): DrawEvent {
  return { cap_id: account.capId, scope: account.scope, window: account.window };
}

function reportedIn(reading: MeterReading): NanoUsd | undefined {
  return reading.kind === 'complete' ? reading.reportedCost : undefined;
}
