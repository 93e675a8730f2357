import type { Generation, WireEvent } from './answer.ts';
import type { Charge } from './bill.ts';
import { isObject } from './json.ts';
import type { JsonObject } from './json.ts';
import type { Decimal, ServedTier } from './price.ts';
import type { EmulatedRequest } from './request.ts';

/**
 * What the provider bills otherwise than its list says, and tells nobody: the answer's usage, tier
 * and speed stay as they were. What is absent stays as it is.
 */
export interface Repricing {
  /** On the whole price of the attempt, fees included: `'7.5'`. */
  readonly factor?: Decimal;
  /** The tier it is billed at. A tier that the model lacks is billed as `standard`. */
  readonly tier?: ServedTier;
  readonly isFast?: boolean;
  readonly geo?: string;
  /** Whether it is billed at the rates of a long prompt. */
  readonly isLongContext?: boolean;
}

/** Decides, for every request, how it is billed; `undefined` is by the list. */
export type RepricingFunction = (request: EmulatedRequest) => Repricing | undefined;

/** Where an answer states what it cost: as OpenRouter does, or as a LiteLLM proxy does. */
export type CostField = 'usage.cost' | 'x-litellm-response-cost';

/** The charge as it is billed under the repricing in force. */
export function repriced(
  charge: Charge,
  request: EmulatedRequest,
  repricing: Repricing | RepricingFunction | undefined,
): Charge {
  const decided = typeof repricing === 'function' ? repricing(request) : repricing;
  return decided === undefined ? charge : { ...charge, repricing: decided };
}

/** The answer with what it costs in every usage object that it reports at all. */
export function stateCost(generation: Generation, nanoUsd: bigint): Generation {
  const cost = Number(nanoUsd) / 1e9;
  return {
    ...generation,
    body: () => withCost(generation.body(), cost),
    events: () => generation.events().map((event) => eventWithCost(event, cost)),
  };
}

/** The header that states it. */
export function costHeader(nanoUsd: bigint): Readonly<Record<string, string>> {
  return { 'x-litellm-response-cost': String(Number(nanoUsd) / 1e9) };
}

function eventWithCost(event: WireEvent, cost: number): WireEvent {
  return event.data === '[DONE]' ? event : { ...event, data: withCost(event.data, cost) };
}

function withCost(answer: JsonObject, cost: number): JsonObject {
  const { usage, response } = answer;
  if (isObject(usage)) return { ...answer, usage: { ...usage, cost, is_byok: false } };
  if (!isObject(response)) return answer;
  return { ...answer, response: withCost(response, cost) };
}
