/** Affine types of another library: it declares them through the brand and knows no budgets. */
import type { affine } from 'hardcap';

/** A ticket that is redeemed or torn up, once. */
export class Ticket {
  declare readonly [affine]: 'redeem' | 'tear';
  #isGone = false;

  get isGone(): boolean {
    return this.#isGone;
  }

  seat(): string {
    this.#mustBeHere();
    return '12F';
  }

  redeem(): string {
    this.#mustBeHere();
    this.#isGone = true;
    return 'welcome';
  }

  tear(): void {
    this.#mustBeHere();
    this.#isGone = true;
  }

  #mustBeHere(): void {
    if (this.#isGone) throw new Error('This ticket is gone.');
  }
}

/** A lease that is renewed into a new one, or ended. */
export interface Lease {
  readonly [affine]: 'renew' | 'end';
  readonly days: number;
  renew(): Lease;
  end(): void;
}

class PaperLease implements Lease {
  declare readonly [affine]: 'renew' | 'end';
  #isGone = false;

  get days(): number {
    this.#use(false);
    return 30;
  }

  renew(): Lease {
    this.#use(true);
    return new PaperLease();
  }

  end(): void {
    this.#use(true);
  }

  #use(isLast: boolean): void {
    if (this.#isGone) throw new Error('This lease has ended.');
    this.#isGone = isLast;
  }
}

/** A new lease. */
export function openLease(): Lease {
  return new PaperLease();
}

/** Takes a ticket over. */
export function admit(ticket: Ticket): string {
  return ticket.redeem();
}
