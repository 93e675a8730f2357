import { AsyncLocalStorage } from 'node:async_hooks';
import type { BudgetGuard, Guard } from '../guard/guard.ts';
import type { Scopes } from '../policy/scope.ts';

/** Whose request it is, and how to hear that its client has gone. */
export interface RequestTerms {
  readonly guard: Guard;
  readonly layers: readonly Scopes[];
  readonly signal: () => AbortSignal;
}

/** What the middleware knows of one request, for its handler. */
export class RequestCaps {
  /** The guard, bound to the scopes of the request, for code that the async context misses. */
  readonly guard: Guard;
  /** The scopes, in the order in which they were added. */
  readonly layers: readonly Scopes[];
  readonly #signal: () => AbortSignal;
  /** Runs with the scopes that were around the request when it came, and its own. */
  readonly #resume: <T>(fn: () => T) => T;

  /** @internal `before`: what an earlier middleware of the same guard found out. */
  constructor({ guard, layers, signal }: RequestTerms, before?: RequestCaps) {
    const added = before === undefined ? layers : [...guard.ownScopes, ...layers];
    const base = before?.guard ?? guard;
    this.guard = added.reduce<Guard>((view, layer) => view.for(layer), base);
    this.layers = before === undefined ? layers : [...before.layers, ...layers];
    this.#signal = signal;
    this.#resume = this.guard.run({}, () => guard.root.here());
  }

  /** Aborted when the client goes before it has its answer: hand it to the calls it pays for. */
  get signal(): AbortSignal {
    return this.#signal();
  }

  /**
   * Runs `fn` for this request and no other, whatever context it is called in. Handlers need not:
   * they run so already. It is for what something else calls back, a pool or an emitter.
   */
  run<T>(fn: () => T): T {
    const storage = storageOf(this.guard.root);
    // Within the request all scopes that were added on the way stay; from elsewhere none come in.
    if (storage.getStore() === this) return fn();
    return storage.run(this, () => this.#resume(fn));
  }

  /**
   * The same sequence, each step of it made for this request. A stream that is read by a socket
   * takes its steps in the context of the socket; calls between two chunks need this.
   */
  iterate<T>(source: AsyncIterable<T>): AsyncIterable<T> {
    return {
      [Symbol.asyncIterator]: () => {
        const steps = source[Symbol.asyncIterator]();
        return {
          next: () => this.run(() => steps.next()),
          return: async (value?: unknown) =>
            this.run(() => steps.return?.(value)) ?? { done: true, value: undefined },
        };
      },
    };
  }
}

/** Which request the running code belongs to, for each guard. */
const running = new WeakMap<BudgetGuard, AsyncLocalStorage<RequestCaps>>();

function storageOf(guard: BudgetGuard): AsyncLocalStorage<RequestCaps> {
  const storage = running.get(guard) ?? new AsyncLocalStorage<RequestCaps>();
  running.set(guard, storage);
  return storage;
}

/** By what the framework hands to every handler of one request. */
const known = new WeakMap<object, RequestCaps>();

/** What was found out about a request; `undefined` before the middleware has seen it. */
export function requestCapsOf(key: object): RequestCaps | undefined {
  return known.get(key);
}

/**
 * Keeps what was found out. A second middleware of the same guard adds to the first: both scopes
 * are drawn on.
 */
export function rememberRequest(key: object, terms: RequestTerms): RequestCaps {
  const before = known.get(key);
  const isSame = before?.guard.root === terms.guard.root;
  const caps = new RequestCaps(terms, isSame ? before : undefined);
  known.set(key, caps);
  return caps;
}

/** The accounts that belong to a caller alone: `customer:acme`. */
export function ownScopesOf(
  caps: Pick<RequestCaps, 'layers'> | undefined,
  dimensions: readonly string[],
): ReadonlySet<string> {
  const own = new Set<string>();
  for (const layer of caps?.layers ?? []) {
    for (const dimension of dimensions) {
      const value = Object.hasOwn(layer, dimension) ? layer[dimension] : undefined;
      if (value !== undefined) own.add(`${dimension}:${value}`);
    }
  }
  return own;
}
