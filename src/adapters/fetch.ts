import { ConfigError } from '../errors/error.ts';
import type { Guard } from '../guard/guard.ts';
import { joinOptions } from '../policy/call-options.ts';
import { readScopes } from '../policy/scope-set.ts';
import type { Scopes } from '../policy/scope.ts';
import type { Provider } from '../providers/provider.ts';
import { findProvider, providerOfHost } from '../providers/registry.ts';
import { chainFetch, chainOf } from './chain.ts';
import { emulatedAt } from './dry-run.ts';
import type { FetchLike } from './transport.ts';

/** Who answers where, and through which `fetch`. */
export interface GuardedFetchOptions {
  /** Who answers, whatever the address: for a proxy or a gateway in front of one provider. */
  readonly provider?: 'anthropic' | 'openai';
  /** Who answers at which origin: `{ 'http://127.0.0.1:8080': 'openai' }`. */
  readonly origins?: Readonly<Record<string, 'anthropic' | 'openai'>>;
  /** The fetch that really sends; default: the global one at the time of the call. */
  readonly fetch?: FetchLike;
  readonly scopes?: Scopes;
}

/**
 * A `fetch` for any client that takes one (AI SDK, LangChain, your own): nothing leaves without a
 * hold, and a refusal is a 402 response that no client re-sends.
 *
 * Providers are known by their own hosts, or named in the options; an address that is neither is
 * refused. `refusalOfResponse(response)` gives the typed error behind a refusal.
 *
 * @example
 * const openai = createOpenAI({ fetch: guardedFetch(guard) });
 */
export function guardedFetch(guard: Guard, options: GuardedFetchOptions = {}): FetchLike {
  const fixed = options.provider === undefined ? undefined : named(options.provider, 'provider');
  const origins = new Map<string, Provider>();
  for (const [origin, name] of Object.entries(options.origins ?? {})) {
    origins.set(new URL(origin).origin, named(name, `origins[${JSON.stringify(origin)}]`));
  }
  const fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
  const own = options.scopes === undefined ? [] : [options.scopes];
  for (const scopes of own) readScopes(scopes);
  const { base, ties } = chainOf(fetch);
  const { root } = guard;
  const others = ties.filter((one) => one.guard !== root);
  // The same guard further in holds once, here, and for what it would have held for there.
  const known = ties.find((one) => one.guard === root);
  const scopes = [...(known?.scopes ?? []), ...guard.ownScopes, ...own];
  const tie = { guard: root, scopes, options: joinOptions(known?.options, guard.ownOptions) };
  return chainFetch(
    { base, ties: [...others, tie] },
    (url) => fixed ?? origins.get(url.origin) ?? providerOfHost(url.hostname) ?? emulatedAt(url),
  );
}

function named(name: string, field: string): Provider {
  const provider = findProvider(name);
  if (provider !== undefined) return provider;
  throw new ConfigError({ field, value: name, reason: 'no such provider', nearest: "'anthropic'" });
}
