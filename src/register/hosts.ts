import { emulatedAt } from '../adapters/dry-run.ts';
import { ConfigError } from '../errors/error.ts';
import type { Provider } from '../providers/provider.ts';
import { findProvider, PROVIDERS, providerOfHost } from '../providers/registry.ts';

/** Which addresses are a provider's: its own hosts, and those that the user names. */
export class ProviderHosts {
  /** By origin, `http://127.0.0.1:8080`. */
  readonly #origins: ReadonlyMap<string, Provider>;
  /** By host and port, `127.0.0.1:8080`, as a socket knows them. */
  readonly #places: ReadonlyMap<string, Provider>;

  constructor(origins: ReadonlyMap<string, Provider>) {
    this.#origins = origins;
    this.#places = new Map([...origins].map(([origin, provider]) => [placeOf(origin), provider]));
  }

  /** Who answers at this address; `undefined`: no provider that is known. */
  at(url: URL): Provider | undefined {
    return this.#origins.get(url.origin) ?? providerOfHost(url.hostname) ?? emulatedAt(url);
  }

  /** Who answers where this socket goes. A provider's own host is its own on every port. */
  atSocket(host: string, port: number | undefined): Provider | undefined {
    return this.#places.get(`${host}:${port ?? ''}`) ?? providerOfHost(host);
  }
}

/**
 * Reads `anthropic=http://127.0.0.1:8080,openai=https://llm.example.com`. Throws `CONFIG_INVALID`.
 */
export function readHosts(text: string | undefined): ProviderHosts {
  const origins = new Map<string, Provider>();
  for (const pair of text?.split(',') ?? []) {
    const [, name = '', address = ''] = /^\s*([^=\s]+)\s*=\s*(\S+)\s*$/.exec(pair) ?? [];
    const provider = findProvider(name);
    const url = URL.canParse(address) ? new URL(address) : undefined;
    const isWeb = url?.protocol === 'http:' || url?.protocol === 'https:';
    if (provider === undefined || url === undefined || !isWeb) throw unreadable(pair);
    const known = origins.get(url.origin);
    if (known !== undefined && known !== provider) throw ambiguous(url.origin);
    origins.set(url.origin, provider);
  }
  return new ProviderHosts(origins);
}

const FIELD = 'HARDCAP_HOSTS';

function unreadable(value: string): ConfigError {
  const names = PROVIDERS.map(({ name }) => name).join(' or ');
  const reason = `it must be pairs of a provider (${names}) and an http(s) origin`;
  return new ConfigError({ field: FIELD, value, reason, nearest: 'openai=http://127.0.0.1:8080' });
}

function ambiguous(origin: string): ConfigError {
  return new ConfigError({ field: FIELD, value: origin, reason: 'two providers at one origin' });
}

function placeOf(origin: string): string {
  const { hostname, port, protocol } = new URL(origin);
  // Sockets know an IPv6 address without its brackets.
  const host = hostname.replace(/^\[|\]$/g, '');
  return `${host}:${port === '' ? (protocol === 'https:' ? '443' : '80') : port}`;
}
