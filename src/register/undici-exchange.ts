import { refusalOf } from '../adapters/refusal.ts';
import { MisuseError } from '../errors/error.ts';
import { BODY_BYTES_MAX, type Address, type Gate } from './gate.ts';
import { headerPairs } from './http-address.ts';
import { ENCODED, plainAnswer, Tap } from './tap.ts';
import {
  handlerOf,
  receiverOf,
  textPairs,
  withoutHeaders,
  type Head,
  type Receiver,
  type WireEvents,
} from './undici-handler.ts';

/** What is dispatched, as far as it is looked at here. */
export interface DispatchOptions {
  readonly origin?: unknown;
  readonly path?: unknown;
  readonly method?: unknown;
  readonly headers?: unknown;
  readonly body?: unknown;
  readonly upgrade?: unknown;
}

/** Sends by undici itself what was decided on. */
export type Dispatch = (options: DispatchOptions, handler: object) => unknown;

/**
 * Gates one dispatch of undici: the body is read, money is held for it, and what comes back is
 * metered before the caller's handler is given it. A refusal is the handler's error.
 */
export class UndiciExchange {
  readonly #gate: Gate;
  readonly #address: Address;
  readonly #options: DispatchOptions;
  readonly #receiver: Receiver;
  readonly #dispatch: Dispatch;
  readonly #abort = new AbortController();
  #abortWire: ((reason: unknown) => void) | undefined;
  #isOver = false;
  #head: { status: number; headers: Head; text: string; isDecoded: boolean } | undefined;
  #trailers: unknown = [];
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #resume: (() => void) | undefined;

  constructor(
    gate: Gate,
    address: Address,
    call: { readonly options: DispatchOptions; readonly handler: object; readonly send: Dispatch },
  ) {
    this.#gate = gate;
    this.#address = address;
    this.#options = call.options;
    this.#receiver = receiverOf(call.handler);
    this.#dispatch = call.send;
  }

  /** Decides at once where the body is at hand, and as soon as it has been read otherwise. */
  run(): void {
    this.#receiver.start((reason) => this.#giveUp(reason));
    if (this.#isOver) return;
    const { body } = this.#options;
    const bytes = bytesOf(body);
    const answer = isReadable(body)
      ? collected(body).then((read) => this.#pass(read))
      : this.#pass(bytes);
    answer.catch((error: unknown) => this.#fail(error));
  }

  async #pass(body: Uint8Array | undefined): Promise<void> {
    const { method } = this.#address;
    const init: RequestInit = {
      method,
      headers: new Headers(pairsOf(this.#options.headers)),
      signal: this.#abort.signal,
      ...(body === undefined ? {} : { body: body as Uint8Array<ArrayBuffer> }),
    };
    const response = await this.#gate.pass(this.#address, init, (wire) => this.#send(wire));
    const refusal = refusalOf(response.headers);
    if (refusal !== undefined) this.#fail(refusal);
    else await this.#handOn(response);
  }

  #send(body: RequestInit['body'] | undefined): Promise<Response> {
    const headers = pairsOf(this.#options.headers).filter(
      ([name]) => name.toLowerCase() !== 'content-length',
    );
    const plain = headers.map(([name, value]): [string, string] =>
      name.toLowerCase() === 'accept-encoding' ? [name, 'identity'] : [name, value],
    );
    const wire = typeof body === 'string' ? Buffer.from(body) : (body ?? null);
    return new Promise((resolve, reject) => {
      const handler = handlerOf(this.#events(resolve, reject), this.#receiver.isControlled);
      this.#dispatch({ ...this.#options, headers: plain.flat(), body: wire }, handler);
    });
  }

  #events(resolve: (response: Response) => void, reject: (error: unknown) => void): WireEvents {
    let readOn: (() => void) | undefined;
    const tap = new Tap(() => readOn?.());
    return {
      started: (abort) => {
        this.#abortWire = abort;
        if (this.#abort.signal.aborted) abort(this.#abort.signal.reason);
      },
      head: (status, headers, text, resume) => {
        // News on the way to the answer, which the caller may listen for.
        if (status < 200) return this.#receiver.head(status, headers, text, resume);
        readOn = resume;
        const answer = { status, statusText: text, headers: headersOf(headers) };
        const { response, isDecoded } = plainAnswer(answer, tap);
        this.#head = { status, headers, text, isDecoded };
        resolve(response);
        return true;
      },
      body: (chunk) => tap.push(chunk),
      end: (trailers) => {
        this.#trailers = trailers;
        tap.close();
      },
      failed: (error) => {
        reject(error);
        tap.fail(error);
      },
    };
  }

  async #handOn({ body }: Response): Promise<void> {
    const head = this.#head;
    if (head === undefined || this.#isOver) {
      await body?.cancel(this.#abort.signal.reason);
      return;
    }
    const { status, text, isDecoded } = head;
    const headers = isDecoded ? withoutHeaders(head.headers, ENCODED) : head.headers;
    this.#reader = body?.getReader();
    const isWanted = this.#receiver.head(status, headers, text, () => this.#resume?.());
    if (!isWanted) await this.#untilResumed();
    for (;;) {
      const { done, value } = (await this.#reader?.read()) ?? { done: true, value: undefined };
      if (this.#isOver) return;
      if (done) break;
      const chunk = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      if (!this.#receiver.body(chunk)) await this.#untilResumed();
    }
    this.#isOver = true;
    this.#receiver.end(this.#trailers);
  }

  #untilResumed(): Promise<void> {
    return new Promise((resolve) => {
      this.#resume = resolve;
      // Whoever gives up is not waited for.
      if (this.#isOver) resolve();
    });
  }

  #giveUp(reason: unknown): void {
    const why = reason ?? new DOMException('This operation was aborted', 'AbortError');
    this.#abort.abort(why);
    this.#abortWire?.(why);
    this.#resume?.();
    // What became of the rest changes nothing: the meter ends the hold with what came.
    this.#reader?.cancel(why).catch(() => undefined);
    this.#fail(why);
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#receiver.fail(error);
  }
}

function headersOf(head: Head): Headers {
  const headers = new Headers();
  for (const [name, value] of textPairs(head)) headers.append(name, value);
  return headers;
}

function bytesOf(body: unknown): Uint8Array | undefined {
  if (typeof body === 'string') return body === '' ? undefined : Buffer.from(body);
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  // The caller may use its buffer again before this leaves.
  if (ArrayBuffer.isView(body)) {
    return new Uint8Array(body.buffer, body.byteOffset, body.byteLength).slice();
  }
  return undefined;
}

type ReadableBody = AsyncIterable<unknown> | Iterable<unknown>;

/** Streams, generators and what `fetch` makes of a body; a form is none, and cannot be bounded. */
function isReadable(body: unknown): body is ReadableBody {
  if (typeof body !== 'object' || body === null) return false;
  if (ArrayBuffer.isView(body) || body instanceof FormData) return false;
  return Symbol.asyncIterator in body || Symbol.iterator in body;
}

async function collected(body: ReadableBody): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body) {
    const chunk = bytesOf(part);
    if (chunk === undefined) continue;
    bytes += chunk.byteLength;
    if (bytes > BODY_BYTES_MAX) throw tooLarge();
    chunks.push(chunk);
  }
  return bytes === 0 ? undefined : Buffer.concat(chunks);
}

function tooLarge(): MisuseError {
  return new MisuseError(
    'REQUEST_INVALID',
    `The body is larger than ${BODY_BYTES_MAX} bytes, the most that is kept to be bounded. ` +
      'Nothing was held or sent; send a smaller one.',
  );
}

function pairsOf(headers: unknown): [string, string][] {
  const isIterable = typeof headers === 'object' && headers !== null && Symbol.iterator in headers;
  const source = isIterable ? [...(headers as Iterable<unknown>)] : headers;
  return headerPairs(source).flatMap(([name, value]) =>
    [value].flat().flatMap((one): [string, string][] => {
      const isPlain = typeof one === 'string' || typeof one === 'number';
      return isPlain ? [[name, String(one)]] : [];
    }),
  );
}
