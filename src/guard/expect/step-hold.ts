import { BudgetCapError } from '../../errors/budget-cap-error.ts';
import { OperationError, type HardcapError } from '../../errors/error.ts';
import { HARD_SIZER } from '../../estimate/text-bytes.ts';
import type { ExtendReply, Short } from '../../ledger/ledger.ts';
import { isEventStream } from '../../meter/sse-scanner.ts';
import { capRefusal } from '../../policy/shortfall.ts';
import { tokens } from '../../units/count.ts';
import type { Quote } from '../call.ts';
import type { Reservation } from '../reservation.ts';
import type { StepTerms } from './expected.ts';
import { OutputSeen } from './output-seen.ts';
import { ahead, heldFor, heldWhole } from './steps.ts';

/** How far a hold is ahead of its answer. */
export type Lead =
  /** As far as it must be, or as it will ever be: the answer goes on. */
  | { readonly kind: 'ahead' }
  /** The ledger is asking its store: try again soon. */
  | { readonly kind: 'asking'; readonly error: HardcapError }
  /** Not far enough, and the answer must stop. */
  | { readonly kind: 'stop'; readonly error: HardcapError };

const AHEAD: Lead = { kind: 'ahead' };

/** Keeps the hold of a stream ahead of what has come of it, step by step. */
export class StepHold {
  readonly #reservation: Reservation;
  readonly #terms: StepTerms;
  readonly #seen: OutputSeen;
  #isOver = false;

  constructor(reservation: Reservation, terms: StepTerms, contentType: string) {
    const { provider, facts, measure } = reservation.quote;
    this.#reservation = reservation;
    this.#terms = terms;
    this.#seen = new OutputSeen({
      outputText: (event) => provider.outputText(event),
      sizer: measure?.sizerFor(provider.name, facts.model) ?? HARD_SIZER,
      isEventStream: isEventStream(contentType),
    });
  }

  /** The next bytes of the answer. */
  push(chunk: Uint8Array): void {
    this.#seen.push(chunk);
  }

  /** Holds more where what was seen comes near to what is held. */
  lead(): Lead {
    const { quote, isOpen } = this.#reservation;
    if (!isOpen || quote.stepped === undefined) return AHEAD;
    const next = this.#nextOf(quote);
    if (next.bound.outputTokens <= quote.bound.outputTokens) return AHEAD;
    const reply = this.#reservation.extendTo(next);
    const lead = this.#leadAfter(reply, next);
    if (lead.kind === 'ahead' || this.#terms.onShort === 'stop') return lead;
    if (lead.kind === 'stop') this.#tellOnce('it goes on unheld and may overdraw');
    return AHEAD;
  }

  /** Ends the hold of an answer that is stopped here, with what may have been produced of it. */
  stop(reading: Parameters<Reservation['finishStopped']>[0]): void {
    this.#tellOnce('it was stopped');
    const { quote } = this.#reservation;
    const seen = heldForSeen(quote, this.#seen.tokens);
    const isMore = seen.bound.outputTokens > quote.bound.outputTokens;
    this.#reservation.finishStopped(reading, isMore ? seen : quote);
  }

  #nextOf(quote: Quote): Quote {
    const seen = this.#seen.tokens;
    return Number.isFinite(seen) ? heldFor(quote, ahead(seen, this.#terms)) : heldWhole(quote);
  }

  #leadAfter(reply: ExtendReply, next: Quote): Lead {
    switch (reply.kind) {
      case 'extended':
      case 'already':
        return AHEAD;
      case 'refused':
        return { kind: 'stop', error: this.#refusal(reply.short, next) };
      case 'unavailable':
        return { kind: 'asking', error: unheld(reply.cause) };
      case 'unknown-id':
        return { kind: 'stop', error: unheld(reply) };
    }
  }

  #refusal(short: readonly Short[], next: Quote): HardcapError {
    const { facts } = next;
    const { at, by: amounts } = this.#reservation.extensionTo(next);
    const refusal = capRefusal({ short, at, amounts, model: facts.model });
    return new BudgetCapError({ ...refusal, isMidAnswer: true });
  }

  #tellOnce(what: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { bound, facts } = this.#reservation.quote;
    const held = `${bound.outputTokens} tokens of output are held`;
    this.#reservation.note(
      'step-refused',
      `The next step of an answer of ${facts.model} was refused; ${held}, and ${what}.`,
    );
  }
}

function unheld(cause: unknown): HardcapError {
  const message = 'The ledger cannot hold the next step of this answer, so it was stopped.';
  return new OperationError('STORE_UNAVAILABLE', message, { cause });
}

function heldForSeen(quote: Quote, seen: number): Quote {
  const counted = tokens(seen);
  return counted === undefined ? heldWhole(quote) : heldFor(quote, counted);
}
