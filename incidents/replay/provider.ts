import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import {
  startEmulator,
  type EmulatedRequest,
  type Emulator,
  type Fault,
  type Reply,
} from '../../src/emulator/emulator.ts';
import { PIECES, type Oracle } from '../judge/oracle.ts';
import type { Fetch } from '../policies/policy.ts';
import type { PlannedCall, Play } from './play.ts';
import { emulatorPrice } from './prices.ts';
import { countReplayTokens, proseOf } from './text.ts';
import type { Clients } from './wire.ts';

/** Says which call of the run a request belongs to. */
export const CALL_HEADER = 'x-replay-call';
/** Says which row and repetition of the scenario it is: `0.3`. */
export const PLACE_HEADER = 'x-replay-place';
/** Says which physical attempt it is. */
export const ATTEMPT_HEADER = 'x-replay-attempt';

/** What the emulated provider of a run is joined to. */
export interface ProviderPorts {
  readonly oracle: Oracle;
  readonly latencyMs: () => number;
  readonly now: () => number;
  readonly moveClock: (byMs: number) => void;
  /** The provider has the request of this call, and has begun. */
  readonly arrived: (callId: string) => void;
}

/** Starts the provider that answers, fails and bills as the play says. */
export function startReplayEmulator(play: Play, ports: ProviderPorts): Promise<Emulator> {
  const callOf = (request: EmulatedRequest) => calledBy(request, play, ports.oracle);
  return startEmulator({
    prices: Object.fromEntries(play.tariffs.map((one) => [one.model, emulatorPrice(one)])),
    countTokens: countReplayTokens,
    chunksMax: PIECES,
    billOnDisconnect: play.billOnDisconnect,
    now: ports.now,
    reply: (request) => replyTo(request, callOf(request), ports.oracle),
    fault: (request) => {
      const call = callOf(request);
      if (call === undefined) return undefined;
      ports.arrived(request.headers[CALL_HEADER] ?? '');
      if (call.meanwhileMs > 0) ports.moveClock(call.meanwhileMs);
      const fault: Fault = call.fault ?? { kind: 'delay' };
      return { ...fault, latencyMs: ports.latencyMs() };
    },
  });
}

/** Whether a request asks for something that the provider answers free of charge: a count. */
export function isFree(input: string | URL | Request): boolean {
  const url = String(input instanceof Request ? input.url : input);
  return /count_tokens|input_tokens/.test(url);
}

/** Requests on the wire at a time; a burst of hundreds would be turned away by the listening socket. */
const ON_WIRE_MAX = 128;

/** A `fetch` that keeps a burst from opening more connections than a socket takes in. */
export function pacedFetch(): Fetch {
  const waiting: (() => void)[] = [];
  let onWire = 0;
  return async (input, init) => {
    if (onWire >= ON_WIRE_MAX) await new Promise<void>((resolve) => waiting.push(resolve));
    onWire += 1;
    try {
      return await globalThis.fetch(input, init);
    } finally {
      onWire -= 1;
      waiting.shift()?.();
    }
  };
}

/** Real clients of the emulated provider, over any `fetch`. */
export function clientsOf(emulator: Pick<Emulator, 'url' | 'openaiUrl'>, fetch: Fetch): Clients {
  const common = { apiKey: 'replay', maxRetries: 0, fetch };
  return {
    anthropic: new Anthropic({ ...common, baseURL: emulator.url }),
    openai: new OpenAI({ ...common, baseURL: emulator.openaiUrl }),
  };
}

/** Leaves a conversation with the provider, made by somebody else; its id. */
export async function storeConversation(play: Play, emulator: Emulator): Promise<string> {
  const { openai } = clientsOf(emulator, (input, init) => globalThis.fetch(input, init));
  // The provider frames the one message with six tokens and answers with nine.
  const text = proseOf(play.storedTokens - STORED_FRAMING_TOKENS);
  const model = play.rows[0]?.calls[0]?.model ?? '';
  const { id, usage } = await openai.responses.create({ model, input: text });
  if (usage?.total_tokens !== play.storedTokens) {
    throw new Error(`The conversation has ${usage?.total_tokens} tokens, not ${play.storedTokens}`);
  }
  return id;
}

const STORED_FRAMING_TOKENS = 15;

/** The call behind a request; `undefined` for requests that belong to no call of the play. */
function calledBy(request: EmulatedRequest, play: Play, oracle: Oracle): PlannedCall | undefined {
  const attempt = request.headers[ATTEMPT_HEADER];
  if (attempt === undefined) return undefined;
  const known = oracle.callOf(attempt);
  if (known !== undefined) return known;
  // Made by another process: it is met here for the first time.
  const [row = '', repetition = ''] = (request.headers[PLACE_HEADER] ?? '').split('.');
  const call = play.rows[Number(row)]?.calls[Number(repetition)];
  if (call !== undefined) oracle.depart(attempt, call, call.window);
  return call;
}

function replyTo(request: EmulatedRequest, call: PlannedCall | undefined, oracle: Oracle): Reply {
  const attempt = request.headers[ATTEMPT_HEADER];
  if (call === undefined || attempt === undefined) return {};
  oracle.arrive(attempt, call, ceilingOf(request));
  const { usage } = call;
  const isCached = usage.cacheRead + usage.cacheWrite > 0;
  return {
    ...(call.endpoint === 'embeddings' ? {} : { outputTokens: call.outputWanted }),
    ...(usage.reasoning > 0 ? { reasoningTokens: usage.reasoning } : {}),
    ...(call.searchTool === undefined ? {} : { webSearches: usage.units }),
    ...(isCached
      ? {
          inputTokens: usage.input,
          usage: { cacheReadTokens: usage.cacheRead, cacheWriteTokens: usage.cacheWrite },
        }
      : {}),
  };
}

const CEILINGS = ['max_tokens', 'max_completion_tokens', 'max_output_tokens'];

function ceilingOf({ body }: EmulatedRequest): number | undefined {
  const named = CEILINGS.map((field) => body?.[field]).filter((value) => typeof value === 'number');
  return named.length === 0 ? undefined : Math.min(...named);
}
