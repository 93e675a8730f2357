import type { BudgetGuard } from '../guard/guard.ts';
import type { ReadCallOptions } from '../policy/call-options.ts';
import type { Scopes } from '../policy/scope.ts';
import type { Provider } from '../providers/provider.ts';
import { guardFetch, type FetchLike } from './transport.ts';

/** One guard behind a fetch, and the scopes that every call through it has. */
export interface Tie {
  readonly guard: BudgetGuard;
  readonly scopes: readonly Scopes[];
  readonly options: ReadCallOptions | undefined;
}

/** A fetch that really sends, and the guards before it, each once. */
export interface Chain {
  readonly base: FetchLike;
  readonly ties: readonly Tie[];
}

/** What stands behind each fetch that was made here, so that no guard is put before it twice. */
const chains = new WeakMap<FetchLike, Chain>();

/** The guards behind a fetch; a fetch of somebody else's is its own base and has none. */
export function chainOf(fetch: FetchLike): Chain {
  return chains.get(fetch) ?? { base: fetch, ties: [] };
}

/** The base with every guard before it, the last one asked first. */
export function chainFetch(
  chain: Chain,
  providerAt: (url: URL) => Provider | undefined,
): FetchLike {
  let fetch = chain.base;
  for (const { guard, scopes, options } of chain.ties) {
    fetch = guardFetch({ guard, scopes, options, fetch, providerAt });
  }
  chains.set(fetch, chain);
  return fetch;
}
