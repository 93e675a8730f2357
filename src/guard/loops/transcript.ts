import type { JsonObject } from '../../providers/provider.ts';
import { isObject } from '../../providers/read-json.ts';

/** What a conversation says about its tools, one thing at a time. */
export type TranscriptEntry =
  | { readonly kind: 'call'; readonly id: unknown; readonly name: unknown; readonly input: unknown }
  | { readonly kind: 'result'; readonly id: unknown; readonly content: unknown }
  /** The user's own words, not results of tools. */
  | { readonly kind: 'user' };

/**
 * The tool calls, results and user turns of a request, from its end to its beginning. Reads
 * Anthropic messages, OpenAI chat messages and OpenAI response items by their own shape; what it
 * does not know it passes over.
 */
export function* entriesFromEnd({ messages, input }: JsonObject): Generator<TranscriptEntry> {
  const turns: unknown = Array.isArray(messages) ? messages : input;
  if (!Array.isArray(turns)) return;
  for (const turn of fromEnd(turns)) {
    if (isObject(turn)) yield* entriesOf(turn);
  }
}

function* entriesOf(turn: JsonObject): Generator<TranscriptEntry> {
  switch (turn['type']) {
    case 'function_call':
      yield callOf(turn['call_id'], turn['name'], argumentsOf(turn['arguments']));
      return;
    case 'custom_tool_call':
      yield callOf(turn['call_id'], turn['name'], turn['input']);
      return;
    case 'function_call_output':
    case 'custom_tool_call_output':
      yield { kind: 'result', id: turn['call_id'], content: turn['output'] };
      return;
  }
  switch (turn['role']) {
    case 'assistant':
      yield* callsOf(turn);
      return;
    case 'tool':
      yield { kind: 'result', id: turn['tool_call_id'], content: turn['content'] };
      return;
    case 'user':
      yield* userEntries(turn);
  }
}

/** OpenAI keeps an assistant's calls beside its content, Anthropic in it. */
function* callsOf({ tool_calls: calls, content }: JsonObject): Generator<TranscriptEntry> {
  for (const call of fromEnd(calls)) {
    if (!isObject(call)) continue;
    const made = isObject(call['function']) ? call['function'] : call['custom'];
    if (!isObject(made)) continue;
    yield callOf(call['id'], made['name'], made['input'] ?? argumentsOf(made['arguments']));
  }
  for (const block of fromEnd(content)) {
    if (!isObject(block) || block['type'] !== 'tool_use') continue;
    yield callOf(block['id'], block['name'], block['input']);
  }
}

/**
 * An Anthropic user turn that brings results is a tool's, whatever text a harness puts beside them.
 */
function* userEntries({ content }: JsonObject): Generator<TranscriptEntry> {
  let isResult = false;
  for (const block of fromEnd(content)) {
    if (!isObject(block) || block['type'] !== 'tool_result') continue;
    isResult = true;
    const { tool_use_id: id, content: said, is_error: isError } = block;
    yield { kind: 'result', id, content: isError === true ? { error: said } : said };
  }
  if (!isResult) yield { kind: 'user' };
}

function callOf(id: unknown, name: unknown, input: unknown): TranscriptEntry {
  return { kind: 'call', id, name, input };
}

/** Arguments as the value that their text stands for, so that its layout makes no difference. */
function argumentsOf(text: unknown): unknown {
  if (typeof text !== 'string') return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Not JSON: a model may write anything, and then the text itself is what repeats.
    return text;
  }
}

function* fromEnd(list: unknown): Generator {
  if (!Array.isArray(list)) return;
  for (let index = list.length - 1; index >= 0; index -= 1) yield list[index];
}
