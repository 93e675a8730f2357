import { Duplex } from 'node:stream';
import type { ReadableWritablePair } from 'node:stream/web';
import { constants, createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

const QUEUE_BYTES_MAX = 65_536;

/** What arrives on a connection, as a stream that the meter reads at the pace of the caller. */
export class Tap {
  readonly stream: ReadableStream<Uint8Array>;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;

  /** `onPull` lets the connection go on, after `push` said that it should not. */
  constructor(onPull: () => void) {
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: onPull,
        cancel: () => {
          this.#controller = undefined;
        },
      },
      new ByteLengthQueuingStrategy({ highWaterMark: QUEUE_BYTES_MAX }),
    );
  }

  /** Whether more is wanted at once. */
  push(chunk: Uint8Array): boolean {
    // Nobody reads on; the connection is closed by whoever gave up.
    if (this.#controller === undefined) return true;
    this.#controller.enqueue(chunk);
    return (this.#controller.desiredSize ?? 0) > 0;
  }

  /** All has arrived. */
  close(): void {
    this.#controller?.close();
    this.#controller = undefined;
  }

  /** It broke off; does nothing after `close`. */
  fail(error: unknown): void {
    this.#controller?.error(error);
    this.#controller = undefined;
  }
}

/** The head of an answer as the wire gave it. */
export interface AnswerHead {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
}

/** An answer in plain bytes, and whether it was encoded on the wire. */
export interface PlainAnswer {
  readonly response: Response;
  readonly isDecoded: boolean;
}

/** Statuses whose answers have no body, which a `Response` insists on. */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * The answer as `fetch` would give it: what cannot be read cannot be metered, so an encoding that
 * is known is taken off. One that is not stays, and is booked at the bound.
 */
export function plainAnswer({ status, statusText, headers }: AnswerHead, tap: Tap): PlainAnswer {
  const decoder = decoderOf(headers.get('content-encoding'));
  const plain = new Headers(headers);
  if (decoder !== undefined) for (const name of ENCODED) plain.delete(name);
  const body = decoder === undefined ? tap.stream : tap.stream.pipeThrough(decoder);
  const init = { status, statusText, headers: plain };
  const response = new Response(BODILESS.has(status) ? null : body, init);
  return { response, isDecoded: decoder !== undefined };
}

/** Headers that no longer hold once an encoding has been taken off. */
export const ENCODED: readonly string[] = ['content-encoding', 'content-length'];

type Decoder = ReadableWritablePair<Uint8Array, Uint8Array>;

function decoderOf(encoding: string | null): Decoder | undefined {
  const flush = constants.Z_SYNC_FLUSH;
  switch (encoding?.trim().toLowerCase()) {
    case 'gzip':
    case 'x-gzip':
      return webPair(createGunzip({ flush, finishFlush: flush }));
    case 'deflate':
      return webPair(createInflate({ flush, finishFlush: flush }));
    case 'br': {
      const brotli = constants.BROTLI_OPERATION_FLUSH;
      return webPair(createBrotliDecompress({ flush: brotli, finishFlush: brotli }));
    }
    case undefined:
    default:
      return undefined;
  }
}

function webPair(duplex: Duplex): Decoder {
  return Duplex.toWeb(duplex);
}
