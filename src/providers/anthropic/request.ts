import type { JsonObject, RequestFacts, Unreadable } from '../provider.ts';
import {
  badCount,
  isObject,
  isUnreadable,
  parseBody,
  snapshot,
  tokenRule,
  unreadable,
} from '../read-json.ts';

/** The facts of a Messages request off the wire, or the field that cannot be read. */
export function readAnthropicRequest(route: string, wire: string): RequestFacts | Unreadable {
  const body = parseBody(wire);
  return isUnreadable(body) ? body : factsOf(route, body);
}

/** The same of a live object, which is copied first: each of its properties is read once. */
export function readAnthropicBody(route: string, live: JsonObject): RequestFacts | Unreadable {
  const body = snapshot(live);
  return isUnreadable(body) ? body : factsOf(route, body);
}

const COUNTS = [tokenRule('max_tokens')];
const TOOL_COUNTS = [tokenRule('max_uses'), tokenRule('max_content_tokens')];
const THINKING_COUNTS = [tokenRule('budget_tokens')];

function factsOf(route: string, body: JsonObject): RequestFacts | Unreadable {
  const { model, stream, thinking, tools } = body;
  if (typeof model !== 'string' || model.trim() === '') return unreadable('model', 'missing');
  if (stream !== undefined && stream !== null && typeof stream !== 'boolean') {
    return unreadable('stream', 'neither true nor false');
  }
  const bad = badCount(body, COUNTS) ?? nestedCounts('thinking', thinking, THINKING_COUNTS);
  if (bad !== undefined) return bad;
  if (Array.isArray(tools)) {
    for (const [index, tool] of (tools as unknown[]).entries()) {
      const inTool = nestedCounts(`tools[${index}]`, tool, TOOL_COUNTS);
      if (inTool !== undefined) return inTool;
    }
  }
  return { route, model, isStream: stream === true, body };
}

function nestedCounts(path: string, value: unknown, rules: typeof COUNTS): Unreadable | undefined {
  const bad = isObject(value) ? badCount(value, rules) : undefined;
  return bad && unreadable(`${path}.${bad.field}`, bad.reason);
}
