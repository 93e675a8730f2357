import { AsyncLocalStorage } from 'node:async_hooks';
import { joinOptions, type ReadCallOptions } from '../policy/call-options.ts';
import { narrow } from '../policy/scope-set.ts';
import { BUDGET_SCOPE, type Scopes, type ScopeSet } from '../policy/scope.ts';

/** What the code that is running was given by the `run`s around it. */
export interface Surroundings {
  readonly scopes: ScopeSet;
  readonly options: ReadCallOptions | undefined;
  /** The scopes as they were given, which keep the budgets alive that they name. */
  readonly given: readonly Scopes[];
}

const NOTHING: Surroundings = Object.freeze({
  scopes: Object.freeze({}),
  options: undefined,
  given: Object.freeze([]),
});

/** The surroundings of the running code, carried through `await`, timers and callbacks. */
export class ScopeContext {
  readonly #storage = new AsyncLocalStorage<Surroundings>();
  readonly #outermost: Surroundings;

  /** `scopes` are around everything, outside of every `run`. */
  constructor(scopes: Scopes = {}) {
    this.#outermost = { ...NOTHING, scopes: narrow(NOTHING.scopes, scopes) };
  }

  current(): Surroundings {
    return this.#storage.getStore() ?? this.#outermost;
  }

  /** What runs functions with the surroundings of here and now, wherever it is called later. */
  here(): <T>(fn: () => T) => T {
    const now = this.current();
    return (fn) => this.#storage.run(now, fn);
  }

  /** Runs `fn` with `scopes` added to those around it. Outer values stay; inner options win. */
  run<T>(scopes: Scopes, fn: () => T, options?: ReadCallOptions): T {
    const outer = this.current();
    const inner = {
      scopes: narrow(outer.scopes, scopes),
      options: joinOptions(outer.options, options),
      given: BUDGET_SCOPE in scopes ? [...outer.given, scopes] : outer.given,
    };
    return this.#storage.run(inner, fn);
  }
}
