import type { Amendment, RequestFacts } from '../provider.ts';
import { isObject } from '../read-json.ts';

/**
 * Asks a stream of chat or legacy completions for its usage, which it leaves out by default, and
 * says which event to hide: the extra one, with no choices.
 *
 * A caller who set `include_usage` keeps it, `false` too: such a stream has no usage and settles at
 * its bound.
 */
export function amendOpenAI({ route, isStream, body }: RequestFacts): Amendment | undefined {
  if (!isStream || (route !== 'chat.completions' && route !== 'completions')) return undefined;
  const asked = body['stream_options'];
  const options = isObject(asked) ? asked : {};
  if (typeof options['include_usage'] === 'boolean') return undefined;
  const amended = { ...body, stream_options: { ...options, include_usage: true } };
  return { wire: JSON.stringify(amended), hides: isUsageOnly };
}

/**
 * Whether an SSE payload is the closing chunk that only carries usage: no choices, an object of
 * usage.
 */
export function isUsageOnly(payload: string): boolean {
  if (!NO_CHOICES.test(payload)) return false;
  let chunk: unknown;
  try {
    chunk = JSON.parse(payload);
  } catch {
    return false;
  }
  if (!isObject(chunk) || !isObject(chunk['usage'])) return false;
  return Array.isArray(chunk['choices']) && chunk['choices'].length === 0;
}

const NO_CHOICES = /"choices"\s*:\s*\[\s*\]/;
