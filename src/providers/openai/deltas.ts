import { textIn } from '../output-text.ts';
import type { JsonObject, RequestFacts } from '../provider.ts';
import { isObject } from '../read-json.ts';

/** Models that do not reason. Of any other, what it reasons is billed and not shown. */
const REASONS_NEVER = /^(?:ft:)?(?:gpt-4(?:[-.o:]|$)|gpt-3\.5-|chatgpt-4o-)/;
const SPEAKS_OR_SEARCHES = /audio|search|realtime|transcribe|tts|image/;

/**
 * Whether all that the answer is billed for stands in its stream: no reasoning, no audio, no
 * rejected prediction, and nothing that goes on after the connection is closed.
 */
export function showsOutputOpenAI({ route, model, body }: RequestFacts): boolean {
  if (route !== 'chat.completions' && route !== 'responses') return false;
  if (!REASONS_NEVER.test(model) || SPEAKS_OR_SEARCHES.test(model)) return false;
  return HIDING.every((name) => (body[name] ?? false) === false);
}

/** Fields with which more is billed than the stream shows. */
const HIDING = ['prediction', 'modalities', 'audio', 'reasoning', 'reasoning_effort', 'background'];

const NOT_OUTPUT = new Set(['role', 'id', 'type', 'index', 'status', 'call_id', 'object']);
const DELTA = /\.delta$/;

/** What the model wrote in one event of its stream: a chunk of chat, or an event of Responses. */
export function outputTextOpenAI(event: JsonObject): string {
  const { type, choices } = event;
  if (typeof type !== 'string') return Array.isArray(choices) ? textOf(choices) : '';
  if (DELTA.test(type)) return textIn(event['delta'], NOT_OUTPUT);
  // A call's name stands only where the call begins; its end repeats what came before.
  return type === 'response.output_item.added' ? textIn(event['item'], NOT_OUTPUT) : '';
}

function textOf(choices: readonly unknown[]): string {
  const written = (choice: unknown) => (isObject(choice) ? [choice['delta'], choice['text']] : []);
  return textIn(choices.map(written), NOT_OUTPUT);
}
