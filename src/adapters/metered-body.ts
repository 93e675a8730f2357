import { type HardcapError, OperationError } from '../errors/error.ts';
import { StepHold } from '../guard/expect/step-hold.ts';
import type { Reservation } from '../guard/reservation.ts';
import { createEventFilter, type EventFilter } from '../meter/event-filter.ts';
import type { Meter } from '../meter/usage.ts';
import { tellerHere } from './agents/context.ts';
import { keptAhead } from './keep-ahead.ts';

/** What a body is metered with. */
export interface MeteredBodyTerms {
  readonly reservation: Reservation;
  readonly contentType: string;
  /** Hides events that exist only because the guard asked for usage. */
  readonly hides: ((payload: string) => boolean) | undefined;
  readonly idleTimeoutMs: number;
  /** The request's own signal: when it fires, nobody reads on. */
  readonly signal: AbortSignal | undefined;
}

const EVENT_STREAM = 'text/event-stream';

/** The last net: a body that was dropped unread closes its hold as spent when it is collected. */
const dropped = new FinalizationRegistry<BodyWatch>((watch) => watch.abandon('was dropped unread'));

/**
 * The same body, metered as it passes: pulled only when the reader pulls, never buffered, never
 * teed. The hold ends at the final usage, at the end, on an error, on cancel, when it stands unread
 * for too long, or when it is dropped: exactly once.
 */
export function meterBody(
  body: ReadableStream<Uint8Array>,
  terms: MeteredBodyTerms,
): ReadableStream<Uint8Array> {
  const watch = new BodyWatch(body.getReader(), terms);
  const metered = new ReadableStream<Uint8Array>(
    {
      pull: (controller) => watch.pull(controller),
      cancel: (reason) => watch.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  dropped.register(metered, watch, watch);
  return metered;
}

class BodyWatch {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #reservation: Reservation;
  readonly #meter: Meter;
  readonly #filter: EventFilter | undefined;
  readonly #idleTimeoutMs: number;
  readonly #isEventStream: boolean;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = () => this.#end('the request was aborted');
  #idleSince = Date.now();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;
  /** Keeps a hold in steps ahead of the answer; `undefined`: all of it is held. */
  readonly #steps: StepHold | undefined;
  /** Why the answer was stopped: its reader is told at its next read. */
  #stopped: HardcapError | undefined;
  /** Tells the agent that made the call, if it was one. */
  readonly #tell = tellerHere();

  constructor(reader: ReadableStreamDefaultReader<Uint8Array>, terms: MeteredBodyTerms) {
    this.#reader = reader;
    this.#reservation = terms.reservation;
    this.#meter = terms.reservation.meter(terms.contentType);
    this.#isEventStream = terms.contentType.includes(EVENT_STREAM);
    const filters = this.#isEventStream && terms.hides !== undefined;
    this.#filter = filters ? createEventFilter(terms.hides) : undefined;
    const { stepped } = terms.reservation.quote;
    this.#steps = stepped && new StepHold(terms.reservation, stepped, terms.contentType);
    this.#idleTimeoutMs = terms.idleTimeoutMs;
    this.#arm(this.#idleTimeoutMs);
    this.#signal = terms.signal;
    // A signal that has fired already tells nobody any more.
    if (this.#signal?.aborted === true) this.#onAbort();
    else this.#signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    let isPassed = false;
    while (!isPassed) {
      if (this.#stopped !== undefined) {
        controller.error(this.#stopped);
        return;
      }
      const chunk = await this.#read(controller);
      if (chunk === undefined) return;
      this.#idleSince = Date.now();
      this.#meter.push(chunk);
      if (this.#steps !== undefined) await this.#keepAhead(this.#steps, chunk);
      this.#settleIfFinal();
      isPassed = this.#pass(controller, this.#filter?.push(chunk) ?? [chunk]);
    }
  }

  async cancel(reason: unknown): Promise<void> {
    this.#end('the reader cancelled');
    await this.#reader.cancel(reason);
  }

  /** Closes a hold that nobody will end any more; final usage already read still counts. */
  abandon(how: string): void {
    if (!this.#reservation.isOpen) return;
    const reason = `the answer ${how}`;
    const reading = this.#meter.read();
    endHold(() => {
      if (!this.#reservation.isOpen) return;
      if (reading.kind === 'complete') this.#reservation.finishAt(reading);
      else this.#reservation.expire(reason);
    });
  }

  /**
   * What came is paid for and passes; what comes after it must be held for. An answer that is whole
   * is not stopped any more.
   */
  async #keepAhead(steps: StepHold, chunk: Uint8Array): Promise<void> {
    const refusal = await keptAhead(steps, chunk);
    if (refusal === undefined || this.#isOver || this.#meter.read().kind === 'complete') return;
    this.#stopped = refusal;
    this.#tell(refusal);
    this.#end('it was stopped', steps);
    // The connection is closed as far as we can; what became of that changes nothing here.
    this.#reader.cancel(refusal).catch(() => undefined);
  }

  async #read(
    controller: ReadableStreamDefaultController<Uint8Array>,
  ): Promise<Uint8Array | undefined> {
    try {
      const { done, value } = await this.#reader.read();
      if (!done) return value;
    } catch (error) {
      this.#end('the connection broke');
      controller.error(error);
      return undefined;
    }
    this.#end('the answer ended');
    this.#pass(controller, this.#filter?.end() ?? []);
    controller.close();
    return undefined;
  }

  #pass(
    controller: ReadableStreamDefaultController<Uint8Array>,
    chunks: readonly Uint8Array[],
  ): boolean {
    for (const chunk of chunks) controller.enqueue(chunk);
    return chunks.length > 0;
  }

  /** A stream settles at its usage event: some readers never read on to the end. */
  #settleIfFinal(): void {
    if (!this.#isEventStream || !this.#reservation.isOpen) return;
    const reading = this.#meter.read();
    if (reading.kind !== 'complete') return;
    endHold(() => {
      if (this.#reservation.isOpen) this.#reservation.finishAt(reading);
    });
  }

  #end(how: string, stop?: StepHold): void {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#onAbort);
    dropped.unregister(this);
    const reading = this.#meter.read();
    endHold(() => {
      if (this.#reservation.isOpen && stop !== undefined) stop.stop(reading);
      else if (this.#reservation.isOpen) this.#reservation.finishAt(reading);
      else this.#reservation.correctAt(reading, `final figures came later: ${how}`);
    });
  }

  #arm(delayMs: number): void {
    this.#timer = setTimeout(() => this.#checkIdle(), delayMs);
    if (typeof this.#timer === 'object') this.#timer.unref();
  }

  #checkIdle(): void {
    const restMs = this.#idleTimeoutMs - (Date.now() - this.#idleSince);
    if (restMs > 0) this.#arm(restMs);
    else this.abandon(`stood unread for ${this.#idleTimeoutMs} ms`);
  }
}

/**
 * Ends a hold while the caller's answer goes on. Where the ledger cannot write, the reservation has
 * said so as `drift`, its hold stands, and the guard tries the same end again.
 */
export function endHold(end: () => void): void {
  try {
    end();
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
  }
}
