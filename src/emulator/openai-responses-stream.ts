import type { WireEvent } from './answer.ts';
import type { JsonObject } from './json.ts';
import { objectsIn } from './json.ts';
import { splitText } from './reply.ts';

/** What a stream of one response is made from. */
export interface ResponseStreamSource {
  readonly started: JsonObject;
  readonly final: JsonObject;
  readonly items: readonly JsonObject[];
  readonly outputTokens: number;
  readonly chunksMax: number;
}

/**
 * The events of one response: created, in_progress, every item piece by piece, then `completed`
 * or `incomplete` with the usage. There is no `[DONE]`.
 */
export function responsesEvents(source: ResponseStreamSource): readonly WireEvent[] {
  const { started, final, items, outputTokens, chunksMax } = source;
  const parts: JsonObject[] = [
    { type: 'response.created', response: started },
    { type: 'response.in_progress', response: started },
    ...items.flatMap((item, index) => itemEvents(item, index, chunksMax)),
    { type: `response.${String(final['status'])}`, response: final },
  ];
  const deltaCount = parts.filter(isDelta).length;
  let done = 0;
  return parts.map((part, sequence) => {
    if (isDelta(part)) done += 1;
    const share = deltaCount === 0 ? 1 : done / deltaCount;
    return {
      name: String(part['type']),
      data: { ...part, sequence_number: sequence },
      outputTokens: Math.floor(outputTokens * share),
    };
  });
}

function isDelta(part: JsonObject): boolean {
  return String(part['type']).endsWith('.delta');
}

function itemEvents(item: JsonObject, index: number, chunksMax: number): readonly JsonObject[] {
  const place = { item_id: item['id'], output_index: index };
  const added = (empty: JsonObject): JsonObject => ({
    type: 'response.output_item.added',
    output_index: index,
    item: { ...item, status: 'in_progress', ...empty },
  });
  const done = { type: 'response.output_item.done', output_index: index, item };
  switch (item['type']) {
    case 'message':
      return [added({ content: [] }), ...textEvents(item, place, chunksMax), done];
    case 'function_call':
      return [added({ arguments: '' }), ...argumentEvents(item, place, chunksMax), done];
    default:
      return [
        added({}),
        { type: 'response.web_search_call.in_progress', ...place },
        { type: 'response.web_search_call.searching', ...place },
        { type: 'response.web_search_call.completed', ...place },
        done,
      ];
  }
}

function textEvents(item: JsonObject, item_place: JsonObject, chunksMax: number): JsonObject[] {
  const [part = {}] = objectsIn(item['content']);
  const text = String(part['text']);
  const place = { ...item_place, content_index: 0 };
  return [
    { type: 'response.content_part.added', ...place, part: { ...part, text: '' } },
    ...splitText(text, chunksMax).map((delta) => ({
      type: 'response.output_text.delta',
      ...place,
      delta,
      logprobs: [],
    })),
    { type: 'response.output_text.done', ...place, text, logprobs: [] },
    { type: 'response.content_part.done', ...place, part },
  ];
}

function argumentEvents(item: JsonObject, place: JsonObject, chunksMax: number): JsonObject[] {
  const text = String(item['arguments']);
  const type = 'response.function_call_arguments';
  return [
    ...splitText(text, chunksMax).map((delta) => ({ type: `${type}.delta`, ...place, delta })),
    { type: `${type}.done`, ...place, name: item['name'], arguments: text },
  ];
}
