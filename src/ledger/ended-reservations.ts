import { invariant } from '../errors/error.ts';
import type { Amounts } from './account.ts';
import { amountsFromCounters } from './amounts.ts';
import type { Outcome } from './ledger.ts';

/** What is remembered of an ended reservation, read out at the call. */
export interface EndedReservation {
  readonly id: string;
  /** Its place in the ring. */
  readonly place: number;
  readonly outcome: Outcome;
  /** What the end booked as spent, to tell a repeated end from another. */
  readonly ended: Amounts;
  /** What stands booked as spent now, corrections included. */
  readonly booked: Amounts;
  readonly slots: readonly number[];
  readonly adjustmentIds: readonly string[];
}

/** What is to be remembered of a reservation that ends. */
export interface Ending {
  readonly id: string;
  readonly slots: readonly number[];
  readonly outcome: Outcome;
  readonly booked: Amounts;
}

/** What the books remember of one correction. */
export interface Adjustment {
  readonly reservationId: string;
  readonly amounts: Amounts;
}

const COLUMNS = 6;
const BOOKED = 3;
const PLACES_FIRST = 64;
const OUTCOMES: readonly Outcome[] = ['settled', 'released', 'expired'];

/**
 * The last `endedMax` reservations that ended, with their corrections, in a ring.
 *
 * Kept in columns, not as objects: about 150 bytes each, and nothing for the collector to walk.
 * One that is pushed out becomes unknown; later messages about it change nothing.
 */
export class EndedReservations {
  readonly endedMax: number;
  readonly #placeById = new Map<string, number>();
  readonly #adjustments = new Map<string, Adjustment>();
  readonly #adjustmentIdsByPlace = new Map<number, readonly string[]>();
  readonly #ids: string[] = [];
  readonly #slots: (readonly number[])[] = [];
  /** Ended usd, tokens, calls; booked usd, tokens, calls. */
  #amounts = new Float64Array(PLACES_FIRST * COLUMNS);
  #outcomes = new Uint8Array(PLACES_FIRST);
  /** The place that the next end takes; in a full ring, that of the oldest. */
  #next = 0;

  constructor(endedMax: number) {
    this.endedMax = endedMax;
  }

  /** Whether the id is remembered as ended. */
  has(id: string): boolean {
    return this.#placeById.has(id);
  }

  /** What is remembered of the id. */
  get(id: string): EndedReservation | undefined {
    const place = this.#placeById.get(id);
    return place === undefined ? undefined : this.#read(id, place);
  }

  /** The correction with this id, while its reservation is remembered. */
  adjustment(id: string): Adjustment | undefined {
    return this.#adjustments.get(id);
  }

  /** Remembers an end. Answers the slots of the one that is forgotten for it, if any. */
  remember({ id, slots, outcome, booked }: Ending): readonly number[] | undefined {
    if (this.endedMax === 0) return slots;
    const place = this.#next;
    const forgotten = this.#forget(place);
    if (place >= this.#outcomes.length) this.#grow();
    this.#placeById.set(id, place);
    this.#ids[place] = id;
    this.#slots[place] = slots;
    this.#outcomes[place] = OUTCOMES.indexOf(outcome);
    this.#write(place, 0, booked);
    this.#write(place, BOOKED, booked);
    this.#next = place + 1 === this.endedMax ? 0 : place + 1;
    return forgotten;
  }

  /** Replaces what stands booked, and remembers the correction as long as the reservation. */
  adjust(id: string, reservation: EndedReservation, amounts: Amounts): void {
    const { place, adjustmentIds } = reservation;
    this.#write(place, BOOKED, amounts);
    this.#adjustments.set(id, { reservationId: reservation.id, amounts });
    this.#adjustmentIdsByPlace.set(place, [...adjustmentIds, id]);
  }

  /** All that are remembered, the first ended first. */
  list(): readonly EndedReservation[] {
    const places = [...this.#ids.keys()];
    const inOrder = [...places.slice(this.#next), ...places.slice(0, this.#next)];
    return inOrder.map((place) => this.#read(this.#ids[place] ?? '', place));
  }

  #read(id: string, place: number): EndedReservation {
    const at = (column: number): number => this.#amounts[place * COLUMNS + column] ?? Number.NaN;
    const outcome = OUTCOMES[this.#outcomes[place] ?? OUTCOMES.length];
    const slots = this.#slots[place];
    invariant(outcome !== undefined && slots !== undefined, 'a taken place is filled');
    return {
      id,
      place,
      outcome,
      ended: amountsFromCounters(at(0), at(1), at(2)),
      booked: amountsFromCounters(at(3), at(4), at(5)),
      slots,
      adjustmentIds: this.#adjustmentIdsByPlace.get(place) ?? NO_IDS,
    };
  }

  #write(place: number, first: number, { usd, tokens, calls }: Amounts): void {
    const base = place * COLUMNS + first;
    this.#amounts[base] = usd;
    this.#amounts[base + 1] = tokens;
    this.#amounts[base + 2] = calls;
  }

  #forget(place: number): readonly number[] | undefined {
    const id = this.#ids[place];
    if (id === undefined) return undefined;
    this.#placeById.delete(id);
    const adjustmentIds = this.#adjustmentIdsByPlace.get(place);
    if (adjustmentIds !== undefined) {
      for (const adjustmentId of adjustmentIds) this.#adjustments.delete(adjustmentId);
      this.#adjustmentIdsByPlace.delete(place);
    }
    return this.#slots[place];
  }

  #grow(): void {
    const length = Math.min(this.#outcomes.length * 2, Math.max(this.endedMax, PLACES_FIRST));
    const amounts = new Float64Array(length * COLUMNS);
    const outcomes = new Uint8Array(length);
    amounts.set(this.#amounts);
    outcomes.set(this.#outcomes);
    this.#amounts = amounts;
    this.#outcomes = outcomes;
  }
}

const NO_IDS: readonly string[] = Object.freeze([]);
