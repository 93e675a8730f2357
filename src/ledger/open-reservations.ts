import type { EpochMs } from '../units/time.ts';
import type { Account, Amounts } from './account.ts';

/** A hold that has not ended. */
export interface OpenReservation {
  readonly id: string;
  readonly at: EpochMs;
  /** What the reserve asked, to tell a repeat from another order with the same id. */
  readonly asked: Amounts;
  /** What is held on every account: asked and extensions. */
  held: Amounts;
  /** The slot drawn on in each account. */
  readonly slots: readonly number[];
  readonly accounts: readonly Account[];
  /** Neighbours in the order of opening. */
  older: OpenReservation | undefined;
  newer: OpenReservation | undefined;
}

/** Every open reservation, by id and in the order of opening. None is ever forgotten. */
export class OpenReservations {
  readonly #byId = new Map<string, OpenReservation>();
  #oldest: OpenReservation | undefined;
  #newest: OpenReservation | undefined;

  /** How many are open. */
  get size(): number {
    return this.#byId.size;
  }

  /** The open reservation with this id. */
  get(id: string): OpenReservation | undefined {
    return this.#byId.get(id);
  }

  /** Adds a new one as the newest. */
  add(reservation: OpenReservation): void {
    this.#byId.set(reservation.id, reservation);
    reservation.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = reservation;
    else this.#newest.newer = reservation;
    this.#newest = reservation;
  }

  /** Takes out one that ends. */
  remove({ id, older, newer }: OpenReservation): void {
    this.#byId.delete(id);
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
  }

  /** All of them, oldest first, as they stand now: later changes do not disturb the list. */
  list(): readonly OpenReservation[] {
    const open: OpenReservation[] = [];
    for (let at = this.#oldest; at !== undefined; at = at.newer) open.push(at);
    return open;
  }
}
