import { AsyncLocalStorage } from 'node:async_hooks';
import { narrow } from '../policy/scope-set.ts';
import type { Scopes, ScopeSet } from '../policy/scope.ts';

const EMPTY: ScopeSet = Object.freeze({});

/** The scopes of the code that is running, carried through `await`, timers and callbacks. */
export class ScopeContext {
  readonly #storage = new AsyncLocalStorage<ScopeSet>();

  current(): ScopeSet {
    return this.#storage.getStore() ?? EMPTY;
  }

  /** Runs `fn` with `scopes` added to those around it. Outer values stay. */
  run<T>(scopes: Scopes, fn: () => T): T {
    return this.#storage.run(narrow(this.current(), scopes), fn);
  }
}
