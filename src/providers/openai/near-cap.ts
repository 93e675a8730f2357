import { minTokens, type Tokens } from '../../units/count.ts';
import type { CountRequest, JsonObject, RequestFacts } from '../provider.ts';
import { isObject, tokensOf } from '../read-json.ts';
import { outputFieldOpenAI } from './request.ts';

/**
 * The same request with at most this output ceiling in every field that sets one; a field that
 * asked for less keeps its own. `undefined` where the route has none.
 */
export function withOutputMaxOpenAI(facts: RequestFacts, most: Tokens): RequestFacts | undefined {
  const { body, route } = facts;
  const field = outputFieldOpenAI(facts);
  if (field === undefined) return undefined;
  const changed: Record<string, unknown> = { [field]: lowered(body, field, most) };
  // Chat has two names for it, and which one counts where both are set is the server's choice.
  if (route === 'chat.completions' && tokensOf(body, 'max_tokens') !== undefined) {
    changed['max_tokens'] = lowered(body, 'max_tokens', most);
  }
  return { ...facts, body: { ...body, ...changed } };
}

function lowered(body: JsonObject, field: string, most: Tokens): Tokens {
  const asked = tokensOf(body, field);
  return asked === undefined ? most : minTokens(asked, most);
}

/** Reasoning has no budget of its own in the request: the answer's least is the ceiling's. */
export function outputMinOpenAI(_facts: RequestFacts, answer: Tokens): Tokens {
  return answer;
}

/** Forced and strict tool calls, and output by a schema or as JSON: half of one cannot be read. */
export function isCutUnsafeOpenAI({ route, body }: RequestFacts): boolean {
  const { tool_choice: choice, function_call: call, tools } = body;
  if (isForced(choice) || isObject(call)) return true;
  if (isFormat(body['response_format'])) return true;
  const { text } = body;
  if (isObject(text) && isFormat(text['format'])) return true;
  const isStrict = route === 'responses' ? isStrictByDefault : isStrictTool;
  return Array.isArray(tools) && (tools as unknown[]).some(isStrict);
}

function isForced(choice: unknown): boolean {
  if (!isObject(choice)) return choice === 'required';
  const inner = isObject(choice['allowed_tools']) ? choice['allowed_tools'] : choice;
  return choice['type'] !== 'allowed_tools' || inner['mode'] !== 'auto';
}

function isFormat(format: unknown): boolean {
  return isObject(format) && format['type'] !== 'text';
}

function isStrictTool(tool: unknown): boolean {
  if (!isObject(tool)) return false;
  const inner = tool['function'];
  return tool['strict'] === true || (isObject(inner) && inner['strict'] === true);
}

/** "If omitted, Responses attempts to use strict validation" (`FunctionTool`, SDK 7.57). */
function isStrictByDefault(tool: unknown): boolean {
  return isObject(tool) && tool['type'] === 'function' && tool['strict'] !== false;
}

/** What `responses/input_tokens` takes of a request (`InputTokenCountParams`, 6.49 and 7.57). */
const COUNTED = [
  'model',
  'input',
  'instructions',
  'tools',
  'tool_choice',
  'text',
  'reasoning',
  'truncation',
  'parallel_tool_calls',
];

/** Fields by which the prompt is another than the request shows. */
const NOT_COUNTED = ['previous_response_id', 'conversation', 'prompt', 'context_management'];

/**
 * The request that counts the input, free of charge. Only Responses has one; `undefined` where it
 * would not be whole.
 */
export function countRequestOpenAI({ route, body }: RequestFacts): CountRequest | undefined {
  if (route !== 'responses') return undefined;
  if (NOT_COUNTED.some((name) => (body[name] ?? null) !== null)) return undefined;
  const counted = COUNTED.filter((name) => body[name] !== undefined);
  const wire = JSON.stringify(Object.fromEntries(counted.map((name) => [name, body[name]])));
  return { segment: 'input_tokens', wire };
}
