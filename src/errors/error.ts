import type { CodeOfKind, ErrorCode, ErrorKind } from './codes.ts';
import { KIND_OF_CODE, STATUS_OF_KIND } from './kinds.ts';

/**
 * Every error this package throws. `instanceof` works across copies of the package: it asks for the
 * `Symbol.for` marker, not for the prototype.
 *
 * None is retried by an LLM client: `status` is 400, 402 or 500, and the marks that openai,
 * Anthropic, the AI SDK and LangChain read are set as own properties
 * (`docs/decisions/2026-11-21-refusal-shape.md`).
 */
export class HardcapError extends Error {
  declare readonly code: ErrorCode;
  declare readonly kind: ErrorKind;
  /** HTTP status towards LLM clients. */
  declare readonly status: number;
  /** Always false: a refusal is final, and what to do next is the caller's decision. */
  declare readonly retryable: false;

  static readonly marker: symbol = Symbol.for('hardcap.error');

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    markError(this, HardcapError.marker, { name: 'HardcapError', code });
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return isMarked(value, this.marker);
  }

  /** Whether `value` is an error of this class, from whichever copy of the package. */
  static isInstance(value: unknown): boolean {
    return isMarked(value, this.marker);
  }

  /** The error's fields as plain JSON-safe values. */
  toJSON(): Record<string, unknown> {
    return {
      name: this.name,
      code: this.code,
      kind: this.kind,
      status: this.status,
      retryable: this.retryable,
      message: this.message,
    };
  }
}

/** A refusal other than a cap: the guard works as intended and says no before anything is sent. */
export class RefusalError extends HardcapError {
  static override readonly marker: symbol = Symbol.for('hardcap.error.refusal');

  constructor(code: CodeOfKind<'refusal'>, message: string, options?: ErrorOptions) {
    super(code, message, options);
    markError(this, RefusalError.marker, { name: 'RefusalError', code });
  }
}

/** The caller's own mistake. Nothing was held. */
export class MisuseError extends HardcapError {
  static override readonly marker: symbol = Symbol.for('hardcap.error.misuse');

  constructor(code: CodeOfKind<'misuse'>, message: string, options?: ErrorOptions) {
    super(code, message, options);
    markError(this, MisuseError.marker, { name: 'MisuseError', code });
  }
}

/** What `ConfigError` says about one field. */
export interface ConfigFault {
  /** Path of the field, as written: `caps[0].window`. */
  readonly field: string;
  readonly value: unknown;
  /** The nearest valid form, ready to paste. */
  readonly nearest?: string;
  readonly reason: string;
}

/** The configuration names a field or a value that cannot be meant. Thrown at construction. */
export class ConfigError extends MisuseError {
  static override readonly marker: symbol = Symbol.for('hardcap.error.config');
  readonly field: string;
  readonly value: unknown;
  readonly nearest: string | undefined;

  constructor(fault: ConfigFault, options?: ErrorOptions) {
    const hint = fault.nearest === undefined ? '' : ` Nearest valid form: ${fault.nearest}.`;
    super(
      'CONFIG_INVALID',
      `${fault.field} = ${display(fault.value)}: ${fault.reason}.${hint}`,
      options,
    );
    this.field = fault.field;
    this.value = fault.value;
    this.nearest = fault.nearest;
    markError(this, ConfigError.marker, { name: 'ConfigError', code: 'CONFIG_INVALID' });
  }

  override toJSON(): Record<string, unknown> {
    const { field, nearest } = this;
    return { ...super.toJSON(), field, value: jsonSafe(this.value), nearest: nearest ?? null };
  }
}

/** The world failed: a store, a provider, a connection. */
export class OperationError extends HardcapError {
  static override readonly marker: symbol = Symbol.for('hardcap.error.operation');

  constructor(code: CodeOfKind<'operation'>, message: string, options?: ErrorOptions) {
    super(code, message, options);
    markError(this, OperationError.marker, { name: 'OperationError', code });
  }
}

/** The books disagree with themselves: our bug. */
export class IntegrityError extends HardcapError {
  static override readonly marker: symbol = Symbol.for('hardcap.error.integrity');

  constructor(message: string, options?: ErrorOptions) {
    super('INVARIANT_BROKEN', message, options);
    markError(this, IntegrityError.marker, { name: 'IntegrityError', code: 'INVARIANT_BROKEN' });
  }
}

/** States what must hold, in positive form. A condition that is false is a bug of ours. */
export function invariant(condition: boolean, statement: string): asserts condition {
  if (!condition) throw new IntegrityError(`Must hold: ${statement}.`);
}

/** Makes an error object (ours or an SDK's own) ours: `instanceof` and every client know it. */
export function markError(
  error: Error,
  marker: symbol,
  { name, code }: { readonly name: string; readonly code: ErrorCode },
): void {
  const kind = KIND_OF_CODE[code];
  const status = STATUS_OF_KIND[kind];
  const retryable = false;
  define(error, 'name', name, false);
  define(error, 'code', code, true);
  define(error, 'kind', kind, true);
  define(error, 'status', status, true);
  define(error, 'statusCode', status, false);
  define(error, 'retryable', retryable, true);
  define(error, 'isRetryable', retryable, false);
  for (const own of [HardcapError.marker, marker, ...CLIENT_MARKERS])
    define(error, own, true, false);
  define(error, LANGCHAIN_RETRYABLE, retryable, false);
}

/** Marks by which the Vercel AI SDK knows an API error that it must not retry. */
const CLIENT_MARKERS = [
  Symbol.for('vercel.ai.error'),
  Symbol.for('vercel.ai.error.AI_APICallError'),
] as const;

const LANGCHAIN_RETRYABLE = Symbol.for('langchain.errors.retryable');

function isMarked(value: unknown, marker: symbol): boolean {
  return typeof value === 'object' && value !== null && Reflect.get(value, marker) === true;
}

function define(target: object, key: string | symbol, value: unknown, enumerable: boolean): void {
  Object.defineProperty(target, key, { value, enumerable, configurable: true, writable: true });
}

/** Strings, booleans and null as they are; everything else as the text that the message shows. */
function jsonSafe(value: unknown): string | boolean | null {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
  return display(value);
}

function display(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    // A circular or BigInt-bearing value has no JSON form; its type is all that can be said.
    return typeof value;
  }
}
