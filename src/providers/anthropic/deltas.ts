import { textIn } from '../output-text.ts';
import type { JsonObject, RequestFacts } from '../provider.ts';
import { isObject } from '../read-json.ts';

/**
 * Models that do not think unless they are asked to. Later ones think by default, and what they
 * show of it is a summary at most (thinking guide of platform.claude.com; release notes of Opus 5).
 */
const THINKS_ONLY_WHEN_ASKED = /^claude-(?:3|(?:opus|sonnet|haiku)-4)(?:-|$)/;

/**
 * Whether all that the answer is billed for stands in its stream: no thinking, which may be
 * redacted, summarised or left out, and no other rounds than the one that is shown.
 */
export function showsOutputAnthropic({ model, body }: RequestFacts): boolean {
  const thinking = body['thinking'] ?? undefined;
  const isOff = isObject(thinking) && thinking['type'] === 'disabled';
  if (!isOff && (thinking !== undefined || !THINKS_ONLY_WHEN_ASKED.test(model))) return false;
  return HIDING.every((name) => (body[name] ?? undefined) === undefined);
}

/** Fields with which other models or other rounds may take part. */
const HIDING = ['fallbacks', 'mcp_servers', 'container', 'context_management', 'compaction'];

/** Events without anything that the model wrote. */
const EMPTY = new Set([
  'message_start',
  'message_delta',
  'message_stop',
  'content_block_stop',
  'ping',
  'error',
]);

const NOT_OUTPUT = new Set(['type', 'id', 'caller']);

/** What the model wrote in one event of its stream. */
export function outputTextAnthropic(event: JsonObject): string {
  const { type } = event;
  if (typeof type === 'string' && EMPTY.has(type)) return '';
  if (type === 'content_block_delta') return textIn(event['delta'], NOT_OUTPUT);
  if (type === 'content_block_start') return textIn(event['content_block'], NOT_OUTPUT);
  return JSON.stringify(event);
}
