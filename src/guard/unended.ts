/** How often, and how long apart, a ledger that cannot write is asked again: ten minutes in all. */
export const END_TRIES_MAX = 600;
const END_RETRY_MS = 1_000;

/** Most ends that wait for the ledger; past it a hold stands until its owner ends it again. */
export const UNENDED_MAX = 100_000;

/**
 * Ends of holds that the ledger could not record. They are tried again, each as it was first
 * ordered, until the ledger writes; until then, and if it never does, the holds stand.
 */
export class UnendedHolds {
  /** By reservation id. Each tries its end; `false`: the ledger still cannot write. */
  readonly #waiting = new Map<string, () => boolean>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #triesLeft = END_TRIES_MAX;

  /** How many wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Keeps an end to be tried again; the first that is kept for an id counts. */
  keep(id: string, end: () => boolean): void {
    if (this.#waiting.has(id) || this.#waiting.size >= UNENDED_MAX) return;
    this.#waiting.set(id, end);
    this.#triesLeft = END_TRIES_MAX;
    this.#arm();
  }

  /** Forgets an end: its hold has ended. */
  forget(id: string): void {
    this.#waiting.delete(id);
  }

  /** Tries all of them now, oldest first, up to the first that still fails. */
  retry(): void {
    for (const [id, end] of this.#waiting) {
      if (!end()) return;
      this.#waiting.delete(id);
    }
  }

  /** Tries no more by itself. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#triesLeft = 0;
  }

  #arm(): void {
    if (this.#timer !== undefined || this.#triesLeft === 0) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#triesLeft -= 1;
      this.retry();
      if (this.#waiting.size > 0) this.#arm();
    }, END_RETRY_MS);
    if (typeof this.#timer === 'object') this.#timer.unref();
  }
}
