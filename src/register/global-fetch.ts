import type { FetchInput } from '../adapters/request.ts';
import type { FetchLike } from '../adapters/transport.ts';
import type { Gate } from './gate.ts';

/**
 * The runtime's `fetch` with the gate before it: a request to a provider is held, or answered with
 * the refusal that `guardedFetch` gives. Every other request goes as it is.
 */
export function gatedFetch(gate: Gate, original: FetchLike): FetchLike {
  return (input, init) => {
    const url = addressOf(input);
    // What is no address is the runtime's to complain about.
    if (url === undefined || gate.hosts.at(url) === undefined) return original(input, init);
    const method = (init?.method ?? methodOf(input)).toUpperCase();
    return gate.fetch({ channel: 'fetch', url, method }, input, init);
  };
}

function addressOf(input: FetchInput): URL | undefined {
  const text = input instanceof Request ? input.url : String(input);
  return URL.canParse(text) ? new URL(text) : undefined;
}

function methodOf(input: FetchInput): string {
  return input instanceof Request ? input.method : 'GET';
}
