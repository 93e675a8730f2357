import type { Answer, Turn } from './answer.ts';
import { remember } from './history.ts';
import { namedModel } from './answer.ts';
import { countContent, countJson, countMessages } from './count.ts';
import type { JsonObject } from './json.ts';
import { countIn, isObject, textIn } from './json.ts';
import {
  badRequest,
  checkCommon,
  checkPrompt,
  createdAt,
  openaiCharge,
  tierName,
} from './openai.ts';
import { responsesEvents } from './openai-responses-stream.ts';
import type { ClippedOutput, Reply } from './reply.ts';
import { FALLBACK_TEXT, clipOutput } from './reply.ts';
import { reportUsage, responsesUsage } from './report.ts';
import { sampleSchema } from './schema-sample.ts';
import type { BilledUsage } from './usage.ts';
import { NO_USAGE, mergeUsage, promptTokens } from './usage.ts';

/**
 * POST /v1/responses.
 *
 * `previous_response_id` bills the stored conversation again, as the provider does: its prompt
 * and output count as input of this request.
 */
export function answerResponses(turn: Turn): Answer {
  const { body, request, site } = turn;
  if (body['input'] === undefined)
    return badRequest("Missing required parameter: 'input'", 'input');
  const previous = textIn(body['previous_response_id']);
  const earlier = previous === undefined ? 0 : site.history.get(previous);
  if (earlier === undefined) return badRequest(`Previous response '${previous}' not found`);
  const prompt = countResponsesPrompt(turn) + earlier;
  const wrong = checkCommon(turn, 'max_output_tokens') ?? checkPrompt(turn, prompt);
  if (wrong !== undefined) return wrong;
  const reply = site.reply(request);
  const output = clipOutput(reply, {
    ceiling: countIn(body['max_output_tokens']) ?? turn.price.outputTokensMax,
    fallbackText: fallbackText(body),
    countTokens: site.counter,
  });
  const counted: BilledUsage = {
    ...NO_USAGE,
    inputTokens: reply.inputTokens ?? prompt,
    outputTokens: output.outputTokens,
    reasoningTokens: output.reasoningTokens,
    webSearches: reply.webSearches ?? 0,
  };
  const usage = mergeUsage(counted, reply.usage ?? {});
  const charge = openaiCharge(turn, reply, usage);
  const id = site.nextId('resp_');
  remember(site.history, id, promptTokens(usage) + usage.outputTokens);
  const items = outputItems(turn, reply, output);
  const reported = reportUsage(usage, turn.fault, responsesUsage);
  const head = { ...responseHead(turn), id, service_tier: tierName(charge) };
  const final = { ...head, ...ending(output), output: items, ...usageFields(reported, usage) };
  return {
    kind: 'generation',
    id,
    charge,
    body: () => final,
    events: () =>
      responsesEvents({
        started: { ...head, status: 'in_progress', incomplete_details: null, output: [] },
        final,
        items,
        outputTokens: usage.outputTokens,
        chunksMax: site.chunksMax,
      }),
  };
}

/** POST /v1/responses/input_tokens: free. */
export function answerInputTokens(turn: Turn): Answer {
  const input_tokens = countResponsesPrompt(turn);
  return { kind: 'free', body: { object: 'response.input_tokens', input_tokens } };
}

function countResponsesPrompt({ body, site }: Turn): number {
  const { input } = body;
  const items = Array.isArray(input) ? input : [{ content: input }];
  return (
    countMessages(items, site.counter) +
    countContent(body['instructions'], site.counter) +
    countJson(body['tools'], site.counter) +
    countJson(body['text'], site.counter)
  );
}

/** The fields that stay as they are from the first event to the last. */
function responseHead(turn: Turn): JsonObject {
  const { body } = turn;
  return {
    object: 'response',
    created_at: createdAt(turn),
    error: null,
    instructions: body['instructions'] ?? null,
    max_output_tokens: body['max_output_tokens'] ?? null,
    metadata: body['metadata'] ?? {},
    model: namedModel(turn),
    parallel_tool_calls: body['parallel_tool_calls'] ?? true,
    previous_response_id: body['previous_response_id'] ?? null,
    reasoning: { effort: null, summary: null },
    store: body['store'] ?? true,
    temperature: body['temperature'] ?? 1,
    text: body['text'] ?? { format: { type: 'text' } },
    tool_choice: body['tool_choice'] ?? 'auto',
    tools: body['tools'] ?? [],
    top_p: body['top_p'] ?? 1,
    truncation: body['truncation'] ?? 'disabled',
  };
}

function ending(output: ClippedOutput): JsonObject {
  return output.isClipped
    ? { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }
    : { status: 'completed', incomplete_details: null };
}

function usageFields(reported: JsonObject | undefined, usage: BilledUsage): JsonObject {
  if (reported === undefined) return {};
  const image_gen = {
    input_tokens: 0,
    input_tokens_details: { image_tokens: 0, text_tokens: 0 },
    output_tokens: 0,
    total_tokens: 0,
  };
  const tool_usage = { image_gen, web_search: { num_requests: usage.webSearches } };
  return { usage: reported, ...(usage.webSearches === 0 ? {} : { tool_usage }) };
}

function outputItems(turn: Turn, reply: Reply, output: ClippedOutput): readonly JsonObject[] {
  const { site } = turn;
  const status = output.isClipped ? 'incomplete' : 'completed';
  const items: JsonObject[] = Array.from({ length: reply.webSearches ?? 0 }, () => ({
    id: site.nextId('ws_'),
    type: 'web_search_call',
    status: 'completed',
    action: { type: 'search', query: 'emulated' },
  }));
  if (output.text !== '' || output.toolCalls.length === 0) {
    const part = { type: 'output_text', text: output.text, annotations: [], logprobs: [] };
    const id = site.nextId('msg_');
    items.push({ id, type: 'message', role: 'assistant', status, content: [part] });
  }
  for (const call of output.toolCalls) {
    items.push({
      id: site.nextId('fc_'),
      type: 'function_call',
      status,
      call_id: call.id ?? site.nextId('call_'),
      name: call.name,
      arguments: JSON.stringify(call.input),
    });
  }
  return items;
}

function fallbackText(body: JsonObject): string {
  const text = isObject(body['text']) ? body['text'] : {};
  const format = isObject(text['format']) ? text['format'] : {};
  if (format['type'] === 'json_object') return '{"text":"text"}';
  const schema = format['schema'];
  return isObject(schema) ? JSON.stringify(sampleSchema(schema)) : FALLBACK_TEXT;
}
