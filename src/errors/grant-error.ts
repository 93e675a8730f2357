import { markError, RefusalError } from './error.ts';

/** Why a grant was refused, each with the code that its errors bear. */
const CODE_OF_FAULT = {
  malformed: 'GRANT_INVALID',
  'unknown-key': 'GRANT_INVALID',
  forged: 'GRANT_INVALID',
  audience: 'GRANT_INVALID',
  'unknown-here': 'GRANT_INVALID',
  expired: 'GRANT_EXPIRED',
  redeemed: 'GRANT_REDEEMED',
  'in-use': 'GRANT_IN_USE',
  closed: 'SCOPE_CLOSED',
} as const;

/** What is wrong with a grant, in one word. */
export type GrantFault = keyof typeof CODE_OF_FAULT;

/** A grant is not accepted, or cannot be ended yet. No money has moved. */
export class GrantError extends RefusalError {
  static override readonly marker: symbol = Symbol.for('hardcap.error.grant');
  readonly reason: GrantFault;

  /** `message` says what to do; a token never stands in it. */
  constructor(reason: GrantFault, message: string, options?: ErrorOptions) {
    super(CODE_OF_FAULT[reason], message, options);
    this.reason = reason;
    markError(this, GrantError.marker, { name: 'GrantError', code: CODE_OF_FAULT[reason] });
  }

  override toJSON(): Record<string, unknown> {
    return { ...super.toJSON(), reason: this.reason };
  }
}
