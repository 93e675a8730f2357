import { BUDGET_SCOPE, type ScopeSet } from '../policy/scope.ts';
import type { Provider } from '../providers/provider.ts';
import { findProvider } from '../providers/registry.ts';
import type { FetchInput } from './request.ts';

/**
 * A process whose providers are emulated (`hardcap simulate -- <command>`) says where under this
 * symbol, before anything else is loaded. Without it nothing here does anything.
 */
const DRY_RUN = Symbol.for('hardcap.dry-run');

/** The header that tells an emulated provider who calls: scopes as JSON, URL-encoded. */
export const SCOPES_HEADER = 'x-hardcap-scopes';

/**
 * The same request telling its scopes, in a dry run; elsewhere, and without scopes, exactly what
 * was given.
 */
export function withScopesTold(
  input: FetchInput,
  init: RequestInit | undefined,
  scopes: ScopeSet,
): RequestInit | undefined {
  if (emulatedOrigin() === undefined) return init;
  const own = Object.entries(scopes).filter(([dimension]) => !MADE_HERE.has(dimension));
  if (own.length === 0) return init;
  const headers = new Headers(
    init?.headers ?? (input instanceof Request ? input.headers : undefined),
  );
  headers.set(SCOPES_HEADER, encodeURIComponent(JSON.stringify(Object.fromEntries(own))));
  return { ...init, headers };
}

/** The provider that is emulated at this address; `undefined`: none, as always outside dry runs. */
export function emulatedAt({ origin, pathname }: URL): Provider | undefined {
  if (origin !== emulatedOrigin()) return undefined;
  return findProvider(pathname.startsWith('/v1/messages') ? 'anthropic' : 'openai');
}

/** Dimensions that are read off the request itself, and the one that no provider may see. */
const MADE_HERE: ReadonlySet<string> = new Set(['provider', 'model', BUDGET_SCOPE]);

function emulatedOrigin(): string | undefined {
  const said: unknown = Reflect.get(globalThis, DRY_RUN);
  return typeof said === 'string' && said !== '' ? said : undefined;
}
