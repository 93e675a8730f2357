/** The end of a hold, or a correction, that could not be recorded yet. */
export interface Unrecorded {
  /** The reservation's id, or the correction's. */
  readonly id: string;
  /** Says it again; whether it is done with. */
  readonly retry: () => boolean;
}

/** Ends and corrections that the journal could not keep, said again in order until it can. */
export class UnrecordedEnds {
  readonly #byId = new Map<string, Unrecorded>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  /** How many wait. */
  get size(): number {
    return this.#byId.size;
  }

  /** Remembers one, unless one with its id waits already: the first end wins. `false`: full. */
  keep(end: Unrecorded): boolean {
    if (this.#byId.has(end.id)) return true;
    if (this.#byId.size >= this.#max) return false;
    this.#byId.set(end.id, end);
    return true;
  }

  /** It is done with, whoever said it. */
  drop(id: string): void {
    if (this.#byId.size > 0) this.#byId.delete(id);
  }

  /** Says them again, up to the first that still cannot be recorded. */
  retry(): void {
    for (const { id, retry } of this.#byId.values()) {
      if (!retry()) return;
      this.#byId.delete(id);
    }
  }
}
