import { type HardcapError, MisuseError } from '../errors/error.ts';
import type { Guard } from '../guard/guard.ts';
import type { Scopes } from '../policy/scope.ts';
import type { Provider } from '../providers/provider.ts';
import { refusalOf } from './refusal.ts';
import { guardFetch, type FetchLike } from './transport.ts';

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

/** How a client is tied to a guard. */
export interface ClientTie {
  readonly guard: Guard;
  readonly provider: Provider;
  readonly scopes: Scopes | undefined;
}

/** Which guard stands behind a fetch that we made, so that none is put before it twice. */
const guarded = new WeakMap<FetchLike, ClientTie>();

/**
 * Puts the guard inside the client and returns the same client.
 *
 * In place, so that sub-resources, helpers, clones made later and every reference the app already
 * holds go through it. Throws `CONFIG_INVALID` for a client whose transport cannot be reached.
 */
export function guardClient<C extends object>(client: C, tie: ClientTie): C {
  const sdk = sdkClient(client, tie);
  if (guarded.get(sdk.fetch)?.guard === tie.guard) {
    if (Object.hasOwn(sdk, 'makeStatusError')) return client;
  } else replace(sdk, 'fetch', tied(sdk.fetch, tie));
  replace(sdk, 'makeStatusError', typedErrors(sdk));
  replace(sdk, 'withOptions', guardedClones(sdk, tie));
  return client;
}

function tied(fetch: FetchLike, tie: ClientTie): FetchLike {
  const { guard, scopes, provider } = tie;
  const hook = guardFetch({ guard, scopes, fetch, providerAt: () => provider });
  guarded.set(hook, tie);
  return hook;
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
 * neither.
 */
function guardedClones(sdk: SdkClient, tie: ClientTie): SdkClient['withOptions'] {
  const clone = sdk.withOptions;
  return (options) => guardClient(clone.call(sdk, options), tie);
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
