import { IncomingMessage } from 'node:http';
import { ENCODED, plainAnswer, Tap } from './tap.ts';

/** Headers that the guard adds to an answer whose request it adapted begin so. */
const OWN_HEADERS = 'x-hardcap-';

/**
 * Stands between the parser and the message that the caller reads: what arrives goes to the meter,
 * and what the meter passes on goes to the caller, at the caller's pace. The message is the real
 * one, so whatever else a client does with it works.
 */
export class HttpAnswer {
  readonly message: IncomingMessage;
  /** What the guard is given to meter. */
  readonly response: Response;
  readonly #tap: Tap;
  readonly #push: (chunk: Uint8Array | null) => boolean;
  readonly #isDecoded: boolean;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #isHandedOn = false;
  #isOver = false;
  #isPumping = false;
  #isWanted = false;

  constructor(message: IncomingMessage) {
    this.message = message;
    this.#tap = new Tap(() => this.#readOn());
    this.#push = message.push.bind(message);
    const { response, isDecoded } = plainAnswer(headOf(message), this.#tap);
    this.response = response;
    this.#isDecoded = isDecoded;
    message.push = (chunk: Uint8Array | null) => this.#arrive(chunk);
    message._read = () => this.#wake();
    message.once('close', () => this.#closed());
  }

  /** Lets the caller read what the guard passed on. */
  handOn(metered: Response): void {
    const { headers } = this.message;
    if (this.#isDecoded) for (const name of ENCODED) delete headers[name];
    metered.headers.forEach((value, name) => {
      if (name.startsWith(OWN_HEADERS)) headers[name] = value;
    });
    this.#reader = metered.body?.getReader();
    this.#isHandedOn = true;
    if (this.#isOver) this.#giveUp();
    else if (this.#isWanted) this.#wake();
  }

  #arrive(chunk: Uint8Array | null): boolean {
    if (chunk !== null) return this.#tap.push(chunk);
    this.#tap.close();
    return false;
  }

  #readOn(): void {
    if (this.message.socket?.readable) IncomingMessage.prototype._read.call(this.message, 0);
  }

  #wake(): void {
    this.#isWanted = true;
    if (this.#isPumping || !this.#isHandedOn) return;
    this.#isPumping = true;
    this.#pump().catch((error: unknown) => this.message.destroy(error as Error));
  }

  async #pump(): Promise<void> {
    while (!this.#isOver) {
      this.#isWanted = false;
      const { done, value } = (await this.#reader?.read()) ?? { done: true, value: undefined };
      if (done) {
        this.#isOver = true;
        this.#push(null);
        return;
      }
      if (!this.#push(Buffer.from(value.buffer, value.byteOffset, value.byteLength))) {
        // The caller may have asked for more while it was given this.
        if (!this.#isWanted) break;
      }
    }
    this.#isPumping = false;
  }

  #closed(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#tap.fail(this.message.errored ?? new Error('the answer was closed before its end'));
    this.#giveUp();
  }

  /** Nobody reads on: the meter ends the hold with what came. */
  #giveUp(): void {
    // What became of a connection that is closed changes nothing here.
    this.#reader?.cancel(this.message.errored).catch(() => undefined);
  }
}

function headOf({ statusCode, statusMessage, rawHeaders }: IncomingMessage) {
  const headers = new Headers();
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    headers.append(rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '');
  }
  return { status: statusCode ?? 0, statusText: statusMessage ?? '', headers };
}
