import type { Turn, WireEvent } from './answer.ts';
import type { JsonObject } from './json.ts';
import { splitText } from './reply.ts';
import type { BilledUsage } from './usage.ts';
import { NO_USAGE, promptTokens } from './usage.ts';

const GROWING_EVENTS = 3;
const START_ONLY = new Set(['cache_creation', 'service_tier', 'inference_geo', 'speed']);

/** What a stream of one message is made from. */
export interface MessageStreamSource {
  readonly id: string;
  readonly model: string;
  readonly content: readonly JsonObject[];
  readonly stopReason: string;
  readonly turn: Turn;
  readonly truth: BilledUsage;
  /** The usage object for the part generated so far; `undefined` when none is reported. */
  readonly wire: (part: BilledUsage) => JsonObject | undefined;
}

/** The events of one message: start, ping, blocks, cumulative usage, stop. */
export function anthropicEvents(source: MessageStreamSource): readonly WireEvent[] {
  const { truth } = source;
  const deltas = source.content.flatMap((block, index) => blockEvents(block, index, source));
  const growing = deltas.filter((event) => event['type'] === 'content_block_delta').length;
  const first = Math.min(1, truth.outputTokens);
  let done = 0;
  const events: WireEvent[] = [event(startData(source, first), first)];
  events.push(event({ type: 'ping' }, first));
  for (const data of deltas) {
    if (data['type'] === 'content_block_delta') done += 1;
    const share = growing === 0 ? 1 : done / growing;
    events.push(event(data, Math.max(first, Math.floor(truth.outputTokens * share))));
  }
  for (const outputTokens of deltaSteps(source)) {
    events.push(event(deltaData(source, outputTokens), truth.outputTokens));
  }
  events.push(event({ type: 'message_stop' }, truth.outputTokens));
  return events;
}

/** A message as JSON; `usage` is left out when the provider reports none. */
export function messageBody(message: {
  readonly id: string;
  readonly model: string;
  readonly content: readonly JsonObject[];
  readonly stopReason: string | null;
  readonly usage: JsonObject | undefined;
}): JsonObject {
  return {
    id: message.id,
    type: 'message',
    role: 'assistant',
    model: message.model,
    content: message.content,
    stop_reason: message.stopReason,
    stop_sequence: null,
    ...(message.usage === undefined ? {} : { usage: message.usage }),
  };
}

function event(data: JsonObject, outputTokens: number): WireEvent {
  return { name: String(data['type']), data, outputTokens };
}

function startData(
  { id, model, turn, truth, wire }: MessageStreamSource,
  first: number,
): JsonObject {
  const start = { ...truth, outputTokens: first, webSearches: 0 };
  const isCorrected = turn.fault?.kind === 'corrected-usage';
  const usage = wire(isCorrected ? unsplitUsage(start) : start);
  return {
    type: 'message_start',
    message: messageBody({ id, model, content: [], stopReason: null, usage }),
  };
}

/** The cumulative output after each `message_delta`; one unless a fault repeats it. */
function deltaSteps({ turn, truth }: MessageStreamSource): readonly number[] {
  const { fault } = turn;
  const count = fault?.kind === 'growing-usage' ? (fault.events ?? GROWING_EVENTS) : 1;
  return Array.from({ length: count }, (_, index) =>
    Math.floor((truth.outputTokens * (index + 1)) / count),
  );
}

function deltaData(source: MessageStreamSource, outputTokens: number): JsonObject {
  const { stopReason, truth, wire } = source;
  const usage = wire({ ...truth, outputTokens });
  const isLast = outputTokens === truth.outputTokens;
  const data = {
    type: 'message_delta',
    delta: { stop_reason: isLast ? stopReason : null, stop_sequence: null },
  };
  return usage === undefined ? data : { ...data, usage: deltaUsage(usage) };
}

/** `message_delta` repeats the totals, without the split by time to live and the tier. */
function deltaUsage(usage: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(usage).filter(([name]) => !START_ONLY.has(name)));
}

function blockEvents(
  block: JsonObject,
  index: number,
  { turn }: MessageStreamSource,
): readonly JsonObject[] {
  const { chunksMax } = turn.site;
  const delta = (field: JsonObject): JsonObject => ({
    type: 'content_block_delta',
    index,
    delta: field,
  });
  const start = (empty: JsonObject): JsonObject => ({
    type: 'content_block_start',
    index,
    content_block: { ...block, ...empty },
  });
  const stop = { type: 'content_block_stop', index };
  switch (block['type']) {
    case 'thinking': {
      const pieces = splitText(String(block['thinking']), chunksMax);
      const deltas = pieces.map((thinking) => delta({ type: 'thinking_delta', thinking }));
      const signature = delta({ type: 'signature_delta', signature: block['signature'] });
      return [start({ thinking: '', signature: '' }), ...deltas, signature, stop];
    }
    case 'tool_use': {
      const pieces = splitText(JSON.stringify(block['input']), chunksMax);
      const deltas = pieces.map((part) => delta({ type: 'input_json_delta', partial_json: part }));
      return [start({ input: {} }), ...deltas, stop];
    }
    default: {
      const pieces = splitText(String(block['text']), chunksMax);
      const deltas = pieces.map((text) => delta({ type: 'text_delta', text }));
      return [start({ text: '' }), ...deltas, stop];
    }
  }
}

/** Prompt tokens as first reported when caches have not been split off yet. */
function unsplitUsage(usage: BilledUsage): BilledUsage {
  return { ...NO_USAGE, inputTokens: promptTokens(usage), outputTokens: usage.outputTokens };
}
