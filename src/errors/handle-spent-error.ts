import { markError, MisuseError } from './error.ts';

/** Which use of a handle came too late, and what had used it up. */
export interface HandleUse {
  /** The budget or hold, by its name. */
  readonly name: string;
  /** The operation that was tried. */
  readonly operation: string;
  /** What consumed the handle: `spend`, `split`, `delegate` ... */
  readonly consumedBy: string;
  /** Where that was, as a line of the stack; `undefined` where stacks are not traced. */
  readonly consumedAt: string | undefined;
}

/** A handle was used after the right in it had moved on. Nothing happened. */
export class HandleSpentError extends MisuseError {
  static override readonly marker: symbol = Symbol.for('hardcap.error.handle-spent');
  readonly operation: string;
  readonly consumedBy: string;
  readonly consumedAt: string | undefined;

  constructor({ name, operation, consumedBy, consumedAt }: HandleUse, options?: ErrorOptions) {
    const where = consumedAt === undefined ? '' : ` (${consumedAt})`;
    super(
      'HANDLE_SPENT',
      `${operation} on budget ${JSON.stringify(name)}: ${consumedBy} has used this handle ` +
        `up${where}. Nothing happened. Go on with the handle that ${consumedBy} returned.`,
      options,
    );
    this.operation = operation;
    this.consumedBy = consumedBy;
    this.consumedAt = consumedAt;
    markError(this, HandleSpentError.marker, { name: 'HandleSpentError', code: 'HANDLE_SPENT' });
  }

  override toJSON(): Record<string, unknown> {
    const { operation, consumedBy, consumedAt = null } = this;
    return { ...super.toJSON(), operation, consumedBy, consumedAt };
  }
}
