import type { Charge } from './bill.ts';
import type { TokenCounter } from './count.ts';
import type { Fault } from './fault.ts';
import type { JsonObject } from './json.ts';
import type { ModelPrice } from './price.ts';
import type { PromptCache } from './prompt-cache.ts';
import type { Reply } from './reply.ts';
import type { EmulatedRequest } from './request.ts';

/** One server-sent event. */
export interface WireEvent {
  /** The `event:` line; absent where the provider sends none. */
  readonly name?: string;
  readonly data: JsonObject | '[DONE]';
  /** Output tokens generated once this event is out. */
  readonly outputTokens: number;
}

/** The request is turned down; nothing was generated. */
export interface Failure {
  readonly kind: 'failure';
  readonly status: number;
  /** The provider's own word: `not_found_error`, `invalid_request_error`. */
  readonly type: string;
  readonly message: string;
  /** OpenAI's `error.code`. */
  readonly code?: string;
  readonly param?: string;
}

/** An answer that costs nothing. */
export interface FreeAnswer {
  readonly kind: 'free';
  readonly body: JsonObject;
}

/** An answer that the model generated. */
export interface Generation {
  readonly kind: 'generation';
  readonly id: string;
  readonly charge: Charge;
  readonly body: () => JsonObject;
  readonly events: () => readonly WireEvent[];
}

/** Everything that can come of a request. */
export type Answer = Failure | FreeAnswer | Generation;

/** What an endpoint needs to answer. */
export interface Site {
  readonly prices: Readonly<Record<string, ModelPrice>>;
  readonly counter: TokenCounter;
  readonly cache: PromptCache;
  /** Prompt and output tokens behind each stored OpenAI response id. */
  readonly history: Map<string, number>;
  readonly chunksMax: number;
  readonly nextId: (prefix: string) => string;
  readonly reply: (request: EmulatedRequest) => Reply;
}

/** One request on its way to an answer. */
export interface Turn {
  readonly request: EmulatedRequest;
  readonly body: JsonObject;
  readonly price: ModelPrice;
  readonly fault: Fault | undefined;
  readonly site: Site;
}

/** The model id that the answer names. */
export function namedModel(turn: Turn): string {
  return turn.fault?.kind === 'wrong-model' ? turn.fault.model : turn.request.model;
}

/** The model id that is charged. */
export function chargedModel(turn: Turn): string {
  const { fault } = turn;
  return fault?.kind === 'wrong-model' && fault.billed === true ? fault.model : turn.request.model;
}
