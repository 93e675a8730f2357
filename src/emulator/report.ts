import type { Fault, HostileValue } from './fault.ts';
import type { JsonObject } from './json.ts';
import { isObject } from './json.ts';
import type { BilledUsage } from './usage.ts';
import { divideUsage, promptTokens } from './usage.ts';

/** Writes usage in one provider's fields. */
export type UsageWriter = (usage: BilledUsage) => JsonObject;

/**
 * The usage object as the provider reports it under a fault.
 *
 * `undefined` when it reports none. Without a usage fault it is the truth.
 */
export function reportUsage(
  usage: BilledUsage,
  fault: Fault | undefined,
  write: UsageWriter,
): JsonObject | undefined {
  if (fault?.kind === 'missing-usage') return undefined;
  if (fault?.kind === 'under-report') return write(divideUsage(usage, fault.factor));
  if (fault?.kind === 'hostile-usage') return spoil(write(usage), fault.value);
  return write(usage);
}

/** Anthropic's fields; caches stand beside `input_tokens`. */
export function anthropicUsage(usage: BilledUsage): JsonObject {
  return {
    input_tokens: usage.inputTokens + usage.imageInputTokens,
    cache_creation_input_tokens: usage.cacheWriteTokens + usage.cacheWrite1hTokens,
    cache_read_input_tokens: usage.cacheReadTokens,
    cache_creation: {
      ephemeral_5m_input_tokens: usage.cacheWriteTokens,
      ephemeral_1h_input_tokens: usage.cacheWrite1hTokens,
    },
    output_tokens: usage.outputTokens,
    server_tool_use:
      usage.webSearches === 0
        ? null
        : { web_search_requests: usage.webSearches, web_fetch_requests: 0 },
  };
}

/** OpenAI chat and legacy completions; caches and reasoning are parts of the totals. */
export function chatUsage(usage: BilledUsage): JsonObject {
  const prompt = promptTokens(usage);
  return {
    prompt_tokens: prompt,
    completion_tokens: usage.outputTokens,
    total_tokens: prompt + usage.outputTokens,
    prompt_tokens_details: {
      cached_tokens: usage.cacheReadTokens,
      cache_write_tokens: usage.cacheWriteTokens + usage.cacheWrite1hTokens,
      audio_tokens: 0,
    },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoningTokens,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

/** OpenAI responses; the same nesting under other names. */
export function responsesUsage(usage: BilledUsage): JsonObject {
  const input = promptTokens(usage);
  return {
    input_tokens: input,
    input_tokens_details: {
      cached_tokens: usage.cacheReadTokens,
      cache_write_tokens: usage.cacheWriteTokens + usage.cacheWrite1hTokens,
    },
    output_tokens: usage.outputTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
    total_tokens: input + usage.outputTokens,
  };
}

/** OpenAI embeddings. */
export function embeddingsUsage(usage: BilledUsage): JsonObject {
  return { prompt_tokens: usage.inputTokens, total_tokens: usage.inputTokens };
}

/** OpenAI images. */
export function imagesUsage(usage: BilledUsage): JsonObject {
  const input = usage.inputTokens + usage.imageInputTokens;
  return {
    input_tokens: input,
    input_tokens_details: {
      text_tokens: usage.inputTokens,
      image_tokens: usage.imageInputTokens,
    },
    output_tokens: usage.imageOutputTokens,
    total_tokens: input + usage.imageOutputTokens,
  };
}

const INPUT_FIELDS = ['input_tokens', 'prompt_tokens'];
const OUTPUT_FIELDS = ['output_tokens', 'completion_tokens'];
const DETAIL_FIELDS = ['input_tokens_details', 'prompt_tokens_details'];

function spoil(wire: JsonObject, value: HostileValue): JsonObject {
  if (value === 'cached-above-input') return spoilCache(wire);
  const spoiled: Record<string, unknown> = { ...wire };
  for (const field of [...INPUT_FIELDS, ...OUTPUT_FIELDS]) {
    const truth = wire[field];
    if (typeof truth === 'number') spoiled[field] = hostile(truth, value);
  }
  return spoiled;
}

function hostile(truth: number, value: Exclude<HostileValue, 'cached-above-input'>): unknown {
  if (value === 'negative') return -1;
  if (value === 'fractional') return truth + 0.5;
  return value === 'huge' ? 2n ** 63n : String(truth);
}

/** A cached part larger than the whole it is a part of. */
function spoilCache(wire: JsonObject): JsonObject {
  const spoiled: Record<string, unknown> = { ...wire };
  const total = INPUT_FIELDS.map((field) => wire[field]).find((one) => typeof one === 'number');
  const above = (total ?? 0) + 1_000;
  for (const field of DETAIL_FIELDS) {
    const details = wire[field];
    if (isObject(details)) spoiled[field] = { ...details, cached_tokens: above };
  }
  const split = wire['cache_creation'];
  if (isObject(split)) {
    const whole = Number(wire['cache_creation_input_tokens']) + 1_000;
    spoiled['cache_creation'] = { ...split, ephemeral_5m_input_tokens: whole };
  }
  return spoiled;
}
