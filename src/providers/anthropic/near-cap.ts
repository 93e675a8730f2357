import { addTokens, minTokens, TOKENS_ZERO, type Tokens } from '../../units/count.ts';
import type { CountRequest, RequestFacts } from '../provider.ts';
import { isObject, tokensOf } from '../read-json.ts';

/** The same request with at most this `max_tokens`; one that asked for less keeps its own. */
export function withOutputMaxAnthropic(facts: RequestFacts, most: Tokens): RequestFacts {
  const asked = tokensOf(facts.body, 'max_tokens');
  const ceiling = asked === undefined ? most : minTokens(asked, most);
  return { ...facts, body: { ...facts.body, max_tokens: ceiling } };
}

/**
 * Thinking is inside `max_tokens`, which must be more than its budget (extended thinking guide of
 * platform.claude.com): what is left for the answer comes on top of it.
 */
export function outputMinAnthropic({ body }: RequestFacts, answer: Tokens): Tokens {
  const { thinking } = body;
  const budget = isObject(thinking) ? tokensOf(thinking, 'budget_tokens') : undefined;
  return addTokens(budget ?? TOKENS_ZERO, answer);
}

/** Forced and strict tool calls, and output by a schema: half of one cannot be read. */
export function isCutUnsafeAnthropic({ body }: RequestFacts): boolean {
  const { tool_choice: choice, tools, output_config: config } = body;
  if (isObject(choice) && (choice['type'] === 'any' || choice['type'] === 'tool')) return true;
  if (Array.isArray(tools) && (tools as unknown[]).some(isStrict)) return true;
  return isObject(body['output_format']) || (isObject(config) && isObject(config['format']));
}

function isStrict(tool: unknown): boolean {
  return isObject(tool) && tool['strict'] === true;
}

/** What `messages/count_tokens` takes of a request (`MessageCountTokensParams`, SDK 1.12). */
const COUNTED = [
  'model',
  'messages',
  'system',
  'tools',
  'tool_choice',
  'thinking',
  'cache_control',
  'output_config',
  'output_format',
  'speed',
];

/** Fields by which the prompt is another than the request shows. */
const NOT_COUNTED = ['thread', 'context_management', 'compaction', 'mcp_servers', 'container'];

/** The request that counts the input, free of charge; `undefined` where it would not be whole. */
export function countRequestAnthropic({ body }: RequestFacts): CountRequest | undefined {
  if (NOT_COUNTED.some((name) => (body[name] ?? null) !== null)) return undefined;
  const counted = COUNTED.filter((name) => body[name] !== undefined);
  const wire = JSON.stringify(Object.fromEntries(counted.map((name) => [name, body[name]])));
  return { segment: 'count_tokens', wire };
}
