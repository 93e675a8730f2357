import type { AgentFrame } from './frame.ts';

/** How the stream of an agent is watched. */
interface StreamWatchTerms {
  /** Ends the activity that the stream is. Counts once. */
  readonly done: () => void;
  /** Whether every way to read it is seen here; else it may be read by ways of its own as well. */
  readonly isSeen: boolean;
  /** Whether it works by itself and says when it has ended. */
  readonly endsItself?: boolean | undefined;
}

/**
 * Ends an agent whose stream is never read to its end, or is read where nobody sees it.
 *
 * S1. A stream at which nothing happens for the guard's idle timeout counts as left: no read is
 *     waiting, no call of its agent is open, none was made. One that works by itself may be at a
 *     tool: it is left when whoever called the agent has done its work, too.
 * S2. One that has ways of its own to be read, and of which nobody here has read, ends with its
 *     calls: when whoever called the agent has done its work, and every call made has settled.
 */
export class StreamWatch {
  readonly #frame: AgentFrame;
  readonly #terms: StreamWatchTerms;
  readonly #leave: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #unwatch: (() => void) | undefined;
  #reads = 0;
  #waiting = 0;
  #isOver = false;

  constructor(frame: AgentFrame, terms: StreamWatchTerms) {
    this.#frame = frame;
    this.#terms = terms;
    this.#leave = frame.onCallerDone(() => this.#look());
    this.#arm();
    this.#look();
  }

  /** Ends what the stream kept open. Counts once. */
  readonly done = (): void => {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#unwatch?.();
    this.#leave();
    this.#terms.done();
  };

  /** Somebody waits for the next value; the function that is returned says that it is there. */
  readonly read = (): (() => void) => {
    this.#reads += 1;
    this.#waiting += 1;
    let isHere = false;
    return () => {
      if (isHere) return;
      isHere = true;
      this.#waiting -= 1;
      this.#reads += 1;
    };
  };

  /** S2. */
  #look(): void {
    if (this.#isOver) return;
    if (this.#frame.hasEnded) {
      this.done();
      return;
    }
    if (this.#terms.isSeen || this.#reads > 0 || !this.#frame.isCallerDone) return;
    if (this.#frame.callsMade > 0 && !this.#frame.hasOpenCalls) {
      this.done();
      return;
    }
    this.#unwatch ??= this.#frame.onCalls(() => this.#look());
  }

  /** S1. */
  #arm(): void {
    const { callsMade } = this.#frame;
    const reads = this.#reads;
    this.#timer = setTimeout(() => {
      const isIdle =
        this.#waiting === 0 &&
        this.#reads === reads &&
        this.#frame.callsMade === callsMade &&
        !this.#frame.hasOpenCalls &&
        (this.#terms.endsItself !== true || this.#frame.isCallerDone);
      if (isIdle) this.done();
      else this.#arm();
    }, this.#frame.idleTimeoutMs);
    if (typeof this.#timer === 'object') this.#timer.unref();
  }
}
