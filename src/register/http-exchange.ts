import { AsyncResource } from 'node:async_hooks';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { refusalOf } from '../adapters/refusal.ts';
import { MisuseError } from '../errors/error.ts';
import { BODY_BYTES_MAX, type Address, type Gate } from './gate.ts';
import { HttpAnswer } from './http-answer.ts';

type Done = (error?: Error | null) => void;

/** What is asked of `write` and `end`, in their many forms. */
interface Piece {
  readonly chunk: Uint8Array | undefined;
  readonly done: Done | undefined;
}

/**
 * Gates one real request of `node:http`: nothing that is written reaches the wire until the body is
 * whole and money is held for it. The answer is metered before the caller reads it. A refusal is
 * the request's `error`, with nothing sent.
 *
 * The connection may open meanwhile; that costs nothing and carries nothing.
 */
export class HttpExchange {
  readonly #gate: Gate;
  readonly #req: ClientRequest;
  readonly #address: Address;
  readonly #end: (chunk?: Uint8Array) => unknown;
  readonly #emit: (event: string | symbol, ...args: unknown[]) => boolean;
  /** The scopes around the code that made the request, wherever its body comes from. */
  readonly #context = new AsyncResource('HardcapHttpExchange');
  readonly #abort = new AbortController();
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #isEnded = false;
  #answer: HttpAnswer | undefined;
  #heard: ((message: IncomingMessage) => void) | undefined;
  #failed: ((error: unknown) => void) | undefined;

  constructor(gate: Gate, req: ClientRequest, address: Address) {
    this.#gate = gate;
    this.#req = req;
    this.#address = address;
    this.#end = req.end.bind(req);
    this.#emit = req.emit.bind(req);
    replace(req, 'write', (...args: unknown[]) => this.#write(args));
    replace(req, 'end', (...args: unknown[]) => this.#finish(args));
    // Headers leave with the body or not at all.
    replace(req, 'flushHeaders', () => undefined);
    replace(req, 'emit', (event: string | symbol, ...args: unknown[]) => this.#hear(event, args));
  }

  #write(args: readonly unknown[]): boolean {
    const { chunk, done } = pieceOf(args);
    if (this.#isEnded) return this.#refuseWrite(done);
    if (chunk !== undefined) this.#keep(chunk);
    if (done !== undefined) process.nextTick(done, null);
    return true;
  }

  #finish(args: readonly unknown[]): ClientRequest {
    const { chunk, done } = pieceOf(args);
    if (this.#isEnded) return this.#req;
    if (chunk !== undefined) this.#keep(chunk);
    this.#isEnded = true;
    if (done !== undefined) this.#req.once('finish', done);
    // What was closed already has told its caller why.
    if (!this.#req.destroyed) this.#context.runInAsyncScope(() => this.#decide());
    return this.#req;
  }

  #keep(chunk: Uint8Array): void {
    this.#bytes += chunk.byteLength;
    if (this.#bytes <= BODY_BYTES_MAX) {
      // The caller may use its buffer again before this leaves.
      this.#chunks.push(Buffer.from(chunk));
      return;
    }
    this.#chunks = [];
    const error = new MisuseError(
      'REQUEST_INVALID',
      `The body is larger than ${BODY_BYTES_MAX} bytes, the most that is kept to be bounded. ` +
        'Nothing was held or sent; send a smaller one.',
    );
    if (!this.#req.destroyed) this.#gate.noteRefused(this.#address, error);
    this.#req.destroy(error);
  }

  #refuseWrite(done: Done | undefined): boolean {
    const error = Object.assign(new Error('write after end'), {
      code: 'ERR_STREAM_WRITE_AFTER_END',
    });
    if (done !== undefined) process.nextTick(done, error);
    this.#req.destroy(error);
    return false;
  }

  #decide(): void {
    const req = this.#req;
    const body = Buffer.concat(this.#chunks);
    this.#chunks = [];
    const init: RequestInit = {
      method: req.method,
      headers: headersOf(req),
      signal: this.#abort.signal,
      ...(body.byteLength > 0 ? { body } : {}),
    };
    this.#gate
      .pass(this.#address, init, (wire) => this.#send(wire))
      .then((response) => this.#answered(response))
      .catch((error: unknown) => this.#broke(error));
  }

  #send(body: RequestInit['body'] | undefined): Promise<Response> {
    const req = this.#req;
    const wire = typeof body === 'string' ? Buffer.from(body) : (body as Uint8Array | undefined);
    if (req.hasHeader('content-length')) req.setHeader('content-length', wire?.byteLength ?? 0);
    // What is sent plain can be metered, whatever the client could have read.
    if (req.hasHeader('accept-encoding')) req.setHeader('accept-encoding', 'identity');
    return new Promise((resolve, reject) => {
      this.#failed = reject;
      this.#heard = (message) => {
        this.#answer = new HttpAnswer(message);
        resolve(this.#answer.response);
      };
      this.#end(wire);
    });
  }

  #hear(event: string | symbol, args: readonly unknown[]): boolean {
    if (event === 'response' && this.#heard !== undefined) {
      const [message] = args;
      this.#take(message as IncomingMessage);
      return true;
    }
    if (event === 'error') this.#fail(args[0]);
    if (event === 'close') this.#fail(new Error('the request was closed before an answer came'));
    return this.#emit(event, ...args);
  }

  #take(message: IncomingMessage): void {
    const heard = this.#heard;
    this.#heard = undefined;
    try {
      heard?.(message);
    } catch (error) {
      // An answer that cannot be read as one: it is booked at the bound, and closed.
      this.#failed?.(error);
    }
  }

  /** Without an answer: whoever still decides or waits gives up. */
  #fail(error: unknown): void {
    if (this.#answer !== undefined) return;
    this.#failed?.(error);
    this.#abort.abort(error);
  }

  #answered(response: Response): void {
    const refusal = refusalOf(response.headers);
    if (refusal !== undefined) this.#req.destroy(refusal);
    else this.#handOn(response);
  }

  #handOn(response: Response): void {
    const answer = this.#answer;
    if (answer === undefined) return;
    answer.handOn(response);
    // Nobody listens: it is read all the same, so that its usage is known.
    if (!this.#emit('response', answer.message)) answer.message.resume();
  }

  /** The caller has heard of a connection that broke; everything else is told here. */
  #broke(error: unknown): void {
    if (this.#answer === undefined) this.#req.destroy(error as Error);
    else {
      this.#emit('response', this.#answer.message);
      this.#answer.message.destroy(error as Error);
    }
  }
}

function pieceOf(args: readonly unknown[]): Piece {
  const [chunk, encoding, done] = args;
  const isDone = (value: unknown): value is Done => typeof value === 'function';
  const callback = [chunk, encoding, done].find(isDone);
  if (chunk === undefined || chunk === null || isDone(chunk)) {
    return { chunk: undefined, done: callback };
  }
  if (typeof chunk === 'string') {
    const code = typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8';
    return { chunk: Buffer.from(chunk, code), done: callback };
  }
  if (chunk instanceof Uint8Array) return { chunk, done: callback };
  throw new TypeError('The "chunk" argument must be a string, a Buffer or a Uint8Array.');
}

function headersOf(req: ClientRequest): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(req.getHeaders())) {
    for (const one of Array.isArray(value) ? value : [value]) headers.append(name, String(one));
  }
  return headers;
}

function replace(req: ClientRequest, key: string, value: unknown): void {
  Object.defineProperty(req, key, { value, configurable: true, writable: true, enumerable: false });
}
