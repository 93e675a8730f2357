import { type HardcapError, MisuseError } from '../errors/error.ts';
import type { BudgetGuard, Guard } from '../guard/guard.ts';
import { joinOptions } from '../policy/call-options.ts';
import { readScopes } from '../policy/scope-set.ts';
import type { Scopes } from '../policy/scope.ts';
import type { Provider } from '../providers/provider.ts';
import { refusalOf } from './refusal.ts';
import { chainFetch, chainOf, type Chain, type Tie } from './chain.ts';
import type { FetchLike } from './transport.ts';

/**
 * What the guard needs of an SDK client: the three members that the Anthropic and OpenAI clients
 * share. Each attempt, retry, helper and raw `post` goes through `fetch`.
 */
export interface SdkClient {
  fetch: FetchLike;
  makeStatusError: (status: number, body: unknown, message: unknown, headers: unknown) => Error;
  withOptions: (options: never) => SdkClient;
}

/** What of it is public, and so can be asked of a client's type. */
export interface Clonable {
  withOptions(options: never): unknown;
}

/** What a caller asks for: this guard, or a view of it, and scopes of the client's own. */
export interface ClientTie {
  readonly guard: Guard;
  readonly provider: Provider;
  readonly scopes: Scopes | undefined;
}

/**
 * Clients whose members have been replaced; a clone is not one until it has been guarded itself.
 */
const wrapped = new WeakSet<object>();

/** Which guards a client was handed to by its owner; a clone has its parent's, but no name yet. */
const named = new WeakMap<object, Set<BudgetGuard>>();

/**
 * Puts the guard inside the client and returns the same client.
 *
 * In place, so that sub-resources, helpers, clones made later and every reference the app already
 * holds go through it. One guard holds once, however often it is wrapped: a clone of a guarded
 * client keeps its scopes and may add to them. Throws `CONFIG_INVALID` for a client whose transport
 * cannot be reached, and for one that the same guard already guards with other scopes, since
 * requests on the same client would then be charged to both.
 */
export function guardClient<C extends object>(client: C, asked: ClientTie): C {
  const sdk = sdkClient(client, asked);
  const tie = tieOf(asked);
  const chain = chainOf(sdk.fetch);
  const known = chain.ties.find(({ guard }) => guard === tie.guard);
  if (known !== undefined && named.get(client)?.has(tie.guard) === true) {
    const isPlain = tie.scopes.length === 0 && tie.options === undefined;
    if (!isPlain && !isSame(known, tie)) throw alreadyGuarded(asked);
    return client;
  }
  const ties =
    known === undefined ? [...chain.ties, tie] : chain.ties.map((one) => joined(one, tie));
  guardMembers(sdk, { base: chain.base, ties }, asked.provider);
  named.set(client, new Set(named.get(client)).add(tie.guard));
  return client;
}

function guardMembers(sdk: SdkClient, chain: Chain, provider: Provider): void {
  replace(
    sdk,
    'fetch',
    chainFetch(chain, () => provider),
  );
  if (wrapped.has(sdk)) return;
  replace(sdk, 'makeStatusError', typedErrors(sdk));
  replace(sdk, 'withOptions', guardedClones(sdk, provider));
  wrapped.add(sdk);
}

function tieOf({ guard, scopes }: ClientTie): Tie {
  const own = scopes === undefined ? [] : [scopes];
  for (const one of own) readScopes(one);
  const { root, ownScopes, ownOptions: options } = guard;
  return { guard: root, scopes: [...ownScopes, ...own], options };
}

function joined(known: Tie, tie: Tie): Tie {
  if (known.guard !== tie.guard) return known;
  const scopes = [...known.scopes, ...tie.scopes];
  return { guard: tie.guard, scopes, options: joinOptions(known.options, tie.options) };
}

function isSame(left: Tie, right: Tie): boolean {
  const [one, other] = [left, right].map(({ scopes, options }) =>
    JSON.stringify([scopes, options]),
  );
  return one === other;
}

/** Our refusals become typed errors made by the SDK's own factory, so its helpers pass them on. */
function typedErrors(sdk: SdkClient): SdkClient['makeStatusError'] {
  const make = sdk.makeStatusError;
  return (status, body, message, headers) => {
    const error = make.call(sdk, status, body, message, headers);
    const refusal = refusalOf(headers);
    return refusal === undefined ? error : adopt(error, refusal);
  };
}

/**
 * A clone keeps the guarded fetch but loses instance members; a clone with its own fetch has
 * neither. Either way it gets the guards that its parent has at that moment, once each.
 */
function guardedClones(sdk: SdkClient, provider: Provider): SdkClient['withOptions'] {
  const clone = sdk.withOptions;
  return (options) => {
    const made = clone.call(sdk, options);
    const { base } = chainOf(made.fetch);
    guardMembers(made, { base, ties: chainOf(sdk.fetch).ties }, provider);
    return made;
  };
}

/**
 * Gives the SDK's error object every field and mark of ours; it stays an instance of its own class.
 */
function adopt(error: Error, refusal: HardcapError): Error {
  for (const key of Reflect.ownKeys(refusal)) {
    const descriptor = Object.getOwnPropertyDescriptor(refusal, key);
    if (key !== 'stack' && descriptor !== undefined) Object.defineProperty(error, key, descriptor);
  }
  const hidden = { configurable: true, enumerable: false, writable: true };
  Object.defineProperty(error, 'toJSON', { ...hidden, value: () => refusal.toJSON() });
  Object.defineProperty(error, 'cause', { ...hidden, value: refusal });
  return error;
}

function replace<K extends keyof SdkClient>(sdk: SdkClient, key: K, value: SdkClient[K]): void {
  Object.defineProperty(sdk, key, { value, configurable: true, enumerable: false, writable: true });
}

function sdkClient(client: object, { provider }: ClientTie): SdkClient {
  const sdk = client as Partial<SdkClient> & { _options?: { x509Transport?: unknown } };
  const isWhole =
    typeof sdk.fetch === 'function' &&
    typeof sdk.makeStatusError === 'function' &&
    typeof sdk.withOptions === 'function';
  if (!isWhole)
    throw unreachable(provider, 'it has no `fetch`, `makeStatusError` and `withOptions`');
  if (!Object.isExtensible(sdk)) throw unreachable(provider, 'it is frozen');
  if (sdk._options?.x509Transport !== undefined) {
    throw unreachable(provider, 'its X.509 transport refuses any other fetch');
  }
  return sdk as SdkClient;
}

function unreachable(provider: Provider, reason: string): MisuseError {
  return new MisuseError(
    'CONFIG_INVALID',
    `This ${provider.name} client cannot be guarded: ${reason}. ` +
      'Pass an instance of the official client, or give your client a `guardedFetch`.',
  );
}

function alreadyGuarded({ provider }: ClientTie): MisuseError {
  return new MisuseError(
    'CONFIG_INVALID',
    `This ${provider.name} client is already guarded by the same guard with other scopes. Run ` +
      'the calls inside guard.run({ ... }, fn), or wrap a clone: client.withOptions({}).',
  );
}
