/** Something went wrong between a ledger, its store and its journal. */
export interface LedgerFault {
  readonly kind: string;
  readonly message: string;
}

/** Tells listeners of faults, each of them whatever another one does. */
export class FaultHub {
  readonly #listeners = new Set<(fault: LedgerFault) => void>();

  constructor(first: ((fault: LedgerFault) => void) | undefined) {
    if (first !== undefined) this.#listeners.add(first);
  }

  on(listener: (fault: LedgerFault) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(fault: LedgerFault): void {
    for (const listener of this.#listeners) {
      try {
        listener(fault);
      } catch (error) {
        // The listener's own bug must surface, but not in the middle of the books.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
