import { anthropic } from './anthropic/provider.ts';
import { openai } from './openai/provider.ts';
import type { Provider } from './provider.ts';

/** Every provider with rules. */
export const PROVIDERS: readonly Provider[] = [anthropic, openai];

/** The provider of that exact name. */
export function findProvider(name: string): Provider | undefined {
  return PROVIDERS.find((provider) => provider.name === name);
}

/** The provider whose own host this is; case, a closing dot and the port 443 do not matter. */
export function providerOfHost(host: string): Provider | undefined {
  const plain = host.toLowerCase().replace(/:443$/, '').replace(/\.$/, '');
  return PROVIDERS.find(
    (provider) => provider.hosts.includes(plain) || provider.geoOfHost(plain) !== undefined,
  );
}
