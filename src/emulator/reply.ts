import type { JsonObject } from './json.ts';
import type { EmulatedRequest } from './request.ts';
import type { ServedTier } from './price.ts';
import type { BilledUsage } from './usage.ts';

/** A tool that the model asks for. */
export interface ToolCall {
  readonly name: string;
  readonly input: JsonObject;
  /** Made up when absent. */
  readonly id?: string;
}

/** Another round of sampling that the top-level usage of an Anthropic answer leaves out. */
export interface Iteration {
  readonly type: 'compaction' | 'advisor_message';
  /** The model that took part; the answer's own when absent. */
  readonly model?: string;
  readonly usage: Partial<BilledUsage>;
}

/**
 * What the model says, and what it costs.
 *
 * All figures are whole numbers from 0. The output is always clipped to the request's ceiling,
 * however it is given; the input is taken as it is given.
 */
export interface Reply {
  readonly text?: string;
  readonly toolCalls?: readonly ToolCall[];
  /** Comes before the text, and counts inside the output (Anthropic thinking block). */
  readonly thinking?: string;
  /**
   * Output tokens per choice; counted from the content when absent. Without `text` and
   * `toolCalls`, a text about that long is made up. For images: tokens per image.
   */
  readonly outputTokens?: number;
  /** How many of the output tokens are hidden reasoning (OpenAI). */
  readonly reasoningTokens?: number;
  /** The prompt is exactly so many uncached tokens; the prompt cache stays out of it. */
  readonly inputTokens?: number;
  /** Over everything counted, class by class; output classes are totals over all choices. */
  readonly usage?: Partial<BilledUsage>;
  /** The tier that serves, when it is not what the request asks for. */
  readonly serviceTier?: ServedTier;
  /** The region that serves, when the request names none: a workspace's default. */
  readonly inferenceGeo?: string;
  readonly webSearches?: number;
  readonly iterations?: readonly Iteration[];
}

/** Decides what is said; `index` is the request's place in `requests`. */
export type ReplyFunction = (request: EmulatedRequest, index: number) => Reply;

/** The output of one choice after clipping. */
export interface ClippedOutput {
  readonly text: string;
  readonly thinking: string;
  readonly toolCalls: readonly ToolCall[];
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  readonly isClipped: boolean;
}

/** What a reply has to fit into. */
export interface OutputRoom {
  /** The most output tokens; `undefined` is no ceiling. */
  readonly ceiling: number | undefined;
  /** Said when the reply has no content of its own and no length. */
  readonly fallbackText: string;
  readonly countTokens: (text: string) => number;
}

/** Said by a model that was told nothing else. */
export const FALLBACK_TEXT = 'This is a reply from the emulator.';

/** Made-up text stops growing here; the usage still says the full length. */
const FILLER_TOKENS_MAX = 4_096;
const FILLER = 'word';

/** The reply's output, never longer than the ceiling. */
export function clipOutput(reply: Reply, room: OutputRoom): ClippedOutput {
  const { thinking = '', toolCalls = [] } = reply;
  const text = reply.text ?? madeUpText(reply, room.fallbackText);
  const wanted = reply.outputTokens ?? countOutput(text, reply, room);
  const isClipped = room.ceiling !== undefined && wanted > room.ceiling;
  const outputTokens = isClipped ? (room.ceiling ?? 0) : wanted;
  const reasoningTokens = Math.min(reply.reasoningTokens ?? 0, outputTokens);
  if (!isClipped) return { text, thinking, toolCalls, outputTokens, reasoningTokens, isClipped };
  const kept = wanted === 0 ? 0 : outputTokens / wanted;
  return {
    text: cutText(text, Math.floor(text.length * kept)),
    thinking: outputTokens === 0 ? '' : thinking,
    toolCalls: [],
    outputTokens,
    reasoningTokens,
    isClipped,
  };
}

/** The text in at most `count` pieces of like length, no surrogate pair split. */
export function splitText(text: string, count: number): readonly string[] {
  const pieces: string[] = [];
  const step = Math.max(1, Math.ceil(text.length / count));
  let start = 0;
  while (start < text.length) {
    const piece = cutText(text.slice(start), step) || text.slice(start, start + 2);
    pieces.push(piece);
    start += piece.length;
  }
  return pieces;
}

function madeUpText(reply: Reply, fallback: string): string {
  if (reply.toolCalls !== undefined && reply.toolCalls.length > 0) return '';
  if (reply.outputTokens === undefined) return fallback;
  const visible = reply.outputTokens - (reply.reasoningTokens ?? 0);
  return FILLER.repeat(Math.min(Math.max(visible, 0), FILLER_TOKENS_MAX));
}

function countOutput(text: string, reply: Reply, room: OutputRoom): number {
  let total = (reply.reasoningTokens ?? 0) + countOf(text, room) + countOf(reply.thinking, room);
  for (const call of reply.toolCalls ?? []) {
    total += countOf(call.name, room) + countOf(JSON.stringify(call.input), room);
  }
  return Math.max(1, total);
}

function countOf(text: string | undefined, room: OutputRoom): number {
  return text === undefined || text === '' ? 0 : room.countTokens(text);
}

function cutText(text: string, length: number): string {
  const last = text.charCodeAt(length - 1);
  const splitsPair = length > 0 && length < text.length && last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, splitsPair ? length - 1 : length);
}
