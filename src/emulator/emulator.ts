import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { Site } from './answer.ts';
import type { Bill } from './bill.ts';
import type { DisconnectRule } from './books.ts';
import { createBooks } from './books.ts';
import type { TokenCounter } from './count.ts';
import { countQuarterBytes } from './count.ts';
import type { Fault, FaultFunction } from './fault.ts';
import type { ModelPrice } from './price.ts';
import { factorOf, picoPerPiece, picoRates } from './price.ts';
import { DEFAULT_PRICES } from './prices.ts';
import { createPromptCache } from './prompt-cache.ts';
import type { Reply, ReplyFunction } from './reply.ts';
import type { EmulatedRequest } from './request.ts';
import type { CostField, Repricing, RepricingFunction } from './repricing.ts';
import type { ServiceOptions, ServiceState } from './service.ts';
import { serve } from './service.ts';

export { DEFAULT_PRICES } from './prices.ts';
export type { Bill, BilledIteration, BillEntry, Charge, Delivery } from './bill.ts';
export type { DisconnectRule } from './books.ts';
export type { TokenCounter } from './count.ts';
export type { Fault, FaultFunction, HostileValue, Pace, StatusFault, UsageFault } from './fault.ts';
export type { JsonObject } from './json.ts';
export type { Decimal, ModelPrice, ProviderName, ServedTier } from './price.ts';
export type { TierPrice, TokenPrices } from './price.ts';
export type { Iteration, Reply, ReplyFunction, ToolCall } from './reply.ts';
export type { Api, EmulatedRequest } from './request.ts';
export type { CostField, Repricing, RepricingFunction } from './repricing.ts';
export type { BilledUsage } from './usage.ts';

/** How the emulated providers behave. Everything has a default. */
export interface EmulatorOptions {
  /** What the models say, always the same or decided for each request. Default: a short text. */
  readonly reply?: Reply | ReplyFunction;
  /** Which fault a request meets when the queue `faults` is empty. Default: none. */
  readonly fault?: FaultFunction;
  /** Prices by exact model id, beside and over `DEFAULT_PRICES`. */
  readonly prices?: Readonly<Record<string, ModelPrice>>;
  /** Tokens of a text. Default: its UTF-8 bytes divided by four, rounded up. */
  readonly countTokens?: TokenCounter;
  /** Milliseconds before each answer. Default: 0. */
  readonly latencyMs?: number;
  /** Milliseconds before each stream event after the first. Default: 0. */
  readonly chunkDelayMs?: number;
  /** Into how many pieces, at most, a stream cuts each text. Default: 8. */
  readonly chunksMax?: number;
  /** What a client that leaves early pays. Default: `'full'`, the worst case. */
  readonly billOnDisconnect?: DisconnectRule;
  /** How attempts are billed where not by the list, from the start. Default: by the list. */
  readonly repricing?: Repricing | RepricingFunction;
  /** Where answers state what they are billed at. Default: nowhere, as neither provider does. */
  readonly costField?: CostField;
  /** The shortest prompt that Anthropic's cache keeps, in tokens. Default: 1,024. */
  readonly cacheMinTokens?: number;
  /** Where the time comes from, in epoch milliseconds; the cache's ages follow it. */
  readonly now?: () => number;
  /** The port on 127.0.0.1. Default: any free one. */
  readonly port?: number;
}

/**
 * A provider on loopback that can be trusted as a judge: it bills by its own arithmetic.
 *
 * E1. Every generated attempt is on the bill, whether or not its client got the answer.
 * E2. Nothing else is: errors, token counts, model lists and reports cost nothing.
 * E3. The bill is the truth whatever a fault makes the answer report.
 */
export interface Emulator {
  /** The origin, without a path: the Anthropic client's `baseURL`. */
  readonly url: string;
  /** The origin with `/v1`: the OpenAI client's `baseURL`. */
  readonly openaiUrl: string;
  /** Faults for the next generating requests, one each, first in first out. */
  readonly faults: Fault[];
  /** Every request that arrived in full, in order. */
  readonly requests: readonly EmulatedRequest[];
  readonly requestCount: number;
  /** What the provider charges for everything since the start or the last `reset()`. */
  bill(): Bill;
  /** Changes how attempts are billed from now on, silently; `undefined`: by the list again. */
  reprice(repricing: Repricing | RepricingFunction | undefined): void;
  /** Resolves when no request is being answered. */
  idle(): Promise<void>;
  /** Forgets requests, bill, queued faults, prompt cache and stored responses. */
  reset(): void;
  /**
   * Ends every connection and stops. May be called again.
   *
   * Throws an `AggregateError` when a `reply` or `fault` function has thrown.
   */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const CHUNKS_MAX = 8;
const CACHE_MIN_TOKENS = 1_024;

/**
 * Starts the emulated providers on 127.0.0.1 and resolves once they listen.
 *
 * Throws a `RangeError` for a price that is not an exact decimal.
 *
 * @example
 * ```ts
 * import Anthropic from '@anthropic-ai/sdk';
 * import { startEmulator } from 'hardcap/emulator';
 *
 * const emulator = await startEmulator({ reply: { inputTokens: 1_000, outputTokens: 500 } });
 * const anthropic = new Anthropic({ baseURL: emulator.url, apiKey: 'any', maxRetries: 0 });
 *
 * emulator.faults.push({ kind: 'status', status: 529 });
 * const call = { model: 'claude-sonnet-4-6', max_tokens: 1_024 };
 * const messages = [{ role: 'user' as const, content: 'Hello' }];
 * await anthropic.messages.create({ ...call, messages }).catch((error) => error.status); // 529
 * await anthropic.messages.create({ ...call, messages });
 *
 * emulator.bill().totalUsd; // '0.0105': 1,000 x $3 and 500 x $15 per million; the 529 is free
 * await emulator.close();
 * ```
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const prices = { ...DEFAULT_PRICES, ...options.prices };
  for (const price of Object.values(prices)) checkPrice(price);
  const state: ServiceState = {
    site: createSite(options, prices),
    books: createBooks(prices, options.billOnDisconnect ?? 'full'),
    faults: [],
    requests: [],
    errors: [],
    repricing: options.repricing,
  };
  const service: ServiceOptions = {
    fault: options.fault,
    latencyMs: options.latencyMs ?? 0,
    chunkDelayMs: options.chunkDelayMs ?? 0,
    now: options.now ?? Date.now,
    costField: options.costField,
  };
  const inFlight = new Set<Promise<void>>();
  const server = createServer((incoming, response) => {
    const served = serve(incoming, response, state, service)
      .catch((error: unknown) => void state.errors.push(error))
      .finally(() => inFlight.delete(served));
    inFlight.add(served);
  });
  const port = await listen(server, options.port ?? 0);
  const url = `http://127.0.0.1:${port}`;
  return emulatorOf({ url, server, state, inFlight });
}

interface Running {
  readonly url: string;
  readonly server: Server;
  readonly state: ServiceState;
  readonly inFlight: ReadonlySet<Promise<void>>;
}

function emulatorOf({ url, server, state, inFlight }: Running): Emulator {
  async function idle(): Promise<void> {
    while (inFlight.size > 0) await Promise.all(inFlight);
  }
  async function close(): Promise<void> {
    if (server.listening) {
      const stopped = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await stopped;
      await idle();
    }
    if (state.errors.length > 0) {
      throw new AggregateError(state.errors.splice(0), 'A reply or fault function has thrown');
    }
  }
  return {
    url,
    openaiUrl: `${url}/v1`,
    faults: state.faults,
    requests: state.requests,
    get requestCount() {
      return state.requests.length;
    },
    bill: () => state.books.bill(),
    reprice(repricing) {
      state.repricing = repricing;
    },
    idle,
    reset() {
      state.requests.length = 0;
      state.faults.length = 0;
      state.books.clear();
      state.site.cache.clear();
      state.site.history.clear();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function createSite(options: EmulatorOptions, prices: Readonly<Record<string, ModelPrice>>): Site {
  const counter = options.countTokens ?? countQuarterBytes;
  const { reply = {} } = options;
  const run = randomBytes(4).toString('hex');
  let ids = 0;
  return {
    prices,
    counter,
    cache: createPromptCache({ counter, minTokens: options.cacheMinTokens ?? CACHE_MIN_TOKENS }),
    history: new Map(),
    chunksMax: options.chunksMax ?? CHUNKS_MAX,
    nextId: (prefix) => `${prefix}${run}${String((ids += 1)).padStart(8, '0')}`,
    reply: (request) => (typeof reply === 'function' ? reply(request, request.index) : reply),
  };
}

/** Reads every figure once, so that a bad price fails the start and not the thousandth request. */
function checkPrice(price: ModelPrice): void {
  picoRates(price.rates);
  if (price.longContext !== undefined) picoRates(price.longContext.rates);
  for (const tier of Object.values(price.tiers ?? {})) {
    if ('rates' in tier) picoRates(tier.rates);
    else factorOf(tier.factor);
  }
  factorOf(price.fastFactor ?? 1);
  for (const factor of Object.values(price.geoFactors ?? {})) factorOf(factor);
  picoPerPiece(price.webSearchPerThousand ?? 0);
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') {
        reject(new Error('The emulator listens on no port'));
      } else {
        resolve(address.port);
      }
    });
  });
}
