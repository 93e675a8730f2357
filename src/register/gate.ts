import { refusalOf, refusalResponse } from '../adapters/refusal.ts';
import type { FetchInput } from '../adapters/request.ts';
import { guardFetch, type FetchLike } from '../adapters/transport.ts';
import type { HardcapError } from '../errors/error.ts';
import type { BudgetGuard } from '../guard/guard.ts';
import type { ProviderHosts } from './hosts.ts';
import { withTicket } from './passage.ts';
import type { Channel, EgressOutcome, EgressReport } from './report.ts';

/** What every channel of a process goes through. */
export interface GateTerms {
  readonly guard: BudgetGuard;
  readonly hosts: ProviderHosts;
  readonly report: EgressReport;
  /** The `fetch` of the runtime itself. */
  readonly fetch: FetchLike;
  /** Why nothing may leave for a provider at all; `undefined`: the guard decides. */
  readonly closed: HardcapError | undefined;
}

/** One request as a channel knows it before it knows its body. */
export interface Address {
  readonly channel: Channel;
  readonly url: URL;
  readonly method: string;
}

/** Sends what was decided on by the channel's own way; resolves to the answer, unread. */
export type Wire = (body: RequestInit['body'] | undefined) => Promise<Response>;

/** The most bytes of a request that are kept until it is decided on: 64 MiB. */
export const BODY_BYTES_MAX = 64 * 1024 * 1024;

/** Where every request of the process to a provider is held, refused or let go, and counted. */
export class Gate {
  readonly guard: BudgetGuard;
  readonly hosts: ProviderHosts;
  readonly #terms: GateTerms;

  constructor(terms: GateTerms) {
    this.#terms = terms;
    this.guard = terms.guard;
    this.hosts = terms.hosts;
  }

  /** A call of `fetch`: held, or answered with a refusal. Synchronous up to the hold. */
  fetch(address: Address, input: FetchInput, init: RequestInit | undefined): Promise<Response> {
    return this.#guarded(address, { input, init }, (sent, sentInit) => this.send(sent, sentInit));
  }

  /**
   * A request of another channel. `wire` is called at most once, when money is held (here or
   * further out) or none is needed, and never for a request that is refused: then the answer is
   * the refusal.
   */
  pass(address: Address, init: RequestInit, wire: Wire): Promise<Response> {
    const { href } = address.url;
    return this.#guarded(address, { input: href, init }, (_input, sent) => wire(sent?.body));
  }

  /** Sends by the runtime's own `fetch` what was decided on further out. */
  send(input: FetchInput, init: RequestInit | undefined): Promise<Response> {
    return withTicket(() => this.#terms.fetch(input, init));
  }

  /** Whether it costs nothing and may leave as it is. */
  isFree({ url, method }: Pick<Address, 'url' | 'method'>): boolean {
    if (this.#terms.closed !== undefined) return false;
    return this.hosts.at(url)?.route({ method, path: url.pathname }).kind === 'free';
  }

  note({ channel, url, method }: Address, outcome: EgressOutcome): void {
    const route = this.hosts.at(url)?.route({ method, path: url.pathname }).name ?? '*';
    this.#terms.report.note({ host: url.host, route, channel, outcome });
  }

  noteRefused(address: Address, error: HardcapError): void {
    this.note(address, error.code === 'ROUTE_UNKNOWN' ? 'unknown route' : 'refused');
    this.guard.noteRefusal(error, { provider: this.#nameOf(address), model: null });
  }

  async #guarded(
    address: Address,
    { input, init }: { readonly input: FetchInput; readonly init: RequestInit | undefined },
    wire: FetchLike,
  ): Promise<Response> {
    const { guard, closed } = this.#terms;
    if (closed !== undefined) {
      this.noteRefused(address, closed);
      return refusalResponse(closed, this.hosts.at(address.url));
    }
    const fetch = guardFetch({
      guard,
      scopes: [],
      options: undefined,
      providerAt: (url) => this.hosts.at(url),
      fetch: (sent, sentInit) => {
        // The guard may ask the provider's own counter first, which is a request of its own.
        if (hrefOf(sent) !== address.url.href) return this.send(sent, sentInit);
        this.note(address, this.isFree(address) ? 'free' : 'held');
        return wire(sent, sentInit);
      },
      passOn: (sent, sentInit) => {
        this.note(address, 'already guarded');
        return wire(sent, sentInit);
      },
    });
    const response = await fetch(input, init);
    const error = refusalOf(response.headers);
    if (error !== undefined) {
      this.note(address, error.code === 'ROUTE_UNKNOWN' ? 'unknown route' : 'refused');
    }
    return response;
  }

  #nameOf({ url }: Address): string {
    return this.hosts.at(url)?.name ?? 'unknown';
  }
}

function hrefOf(input: FetchInput): string {
  return new URL(input instanceof Request ? input.url : input).href;
}
