import type { EmulatedRequest } from './request.ts';

/** How slow an answer is, in milliseconds; what is absent falls to the emulator's options. */
export interface Pace {
  /** Before the first byte of the head. */
  readonly latencyMs?: number;
  /** Before each stream event after the first. */
  readonly chunkDelayMs?: number;
}

/**
 * One thing that goes wrong with one request.
 *
 * An answer that was generated is billed, whatever happens to it: in full, or up to where its
 * stream broke off under `billOnDisconnect: 'generated'`. `billed: false` on a reset says that it
 * struck before generation; `billed: true` on a status says that it struck after. A usage fault
 * does nothing where the endpoint's answer lacks the field it would spoil.
 */
export type Fault = Pace &
  (
    | { readonly kind: 'none' }
    /** Nothing but the pace. */
    | { readonly kind: 'delay' }
    | StatusFault
    /** The connection is reset before the head of the answer. */
    | { readonly kind: 'reset-before-response'; readonly billed?: boolean }
    /** The head arrives with status 200, then the connection is reset. */
    | { readonly kind: 'reset-after-headers'; readonly billed?: boolean }
    /** Reset after so many stream events (default 2), or in the middle of a JSON body. */
    | { readonly kind: 'reset-mid-stream'; readonly afterEvents?: number }
    /** The head comes so late; the answer is complete. */
    | { readonly kind: 'stall-headers'; readonly delayMs: number }
    /** The head comes at once, the body stops after so many events (default 1) for so long. */
    | { readonly kind: 'stall-body'; readonly delayMs: number; readonly afterEvents?: number }
    /** A stream that ends in the provider's own error event after so many events (default 2). */
    | { readonly kind: 'error-mid-stream'; readonly afterEvents?: number }
    | UsageFault
    /** The answer names this model. The bill is for the requested one unless `billed` says so. */
    | { readonly kind: 'wrong-model'; readonly model: string; readonly billed?: boolean }
    /** A body that is not JSON; in a stream, an event that is not. */
    | { readonly kind: 'garbage-json' }
    /** A body, or the last event of a stream, that breaks off halfway and then ends cleanly. */
    | { readonly kind: 'truncate-json' }
    /** A stream without its last event: `[DONE]`, `message_stop`, `response.completed`. */
    | { readonly kind: 'no-done' }
  );

/** An error status instead of an answer. */
export interface StatusFault extends Pace {
  readonly kind: 'status';
  readonly status: number;
  /** Seconds, as the `retry-after` header. */
  readonly retryAfter?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** The provider's own JSON error (default), a proxy's page, or nothing. */
  readonly body?: 'own' | 'html' | 'empty';
  readonly billed?: boolean;
}

/** What the provider says about usage, where that is not what it bills. */
export type UsageFault =
  /** No usage anywhere in the answer. */
  | { readonly kind: 'missing-usage' }
  /** Every reported figure divided by `factor`, rounded down. */
  | { readonly kind: 'under-report'; readonly factor: number }
  /** Figures that cannot be meant. */
  | { readonly kind: 'hostile-usage'; readonly value: HostileValue }
  /**
   * True usage, said several times as it grows: adding the figures up overcharges. Anthropic
   * sends so many `message_delta` events (default 3), OpenAI chat a usage in every chunk.
   */
  | { readonly kind: 'growing-usage'; readonly events?: number }
  /** The first figures count cached tokens as plain input; only the last are split (Anthropic). */
  | { readonly kind: 'corrected-usage' };

/**
 * `negative`: -1. `fractional`: half a token more. `huge`: 2^63, as bare digits.
 * `cached-above-input`: the cached part is larger than the whole. `text`: digits in quotes.
 */
export type HostileValue = 'negative' | 'fractional' | 'huge' | 'cached-above-input' | 'text';

/** Decides, for every request, which fault it meets; `undefined` is none. */
export type FaultFunction = (request: EmulatedRequest, index: number) => Fault | undefined;
