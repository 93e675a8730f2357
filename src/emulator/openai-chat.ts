import type { Answer, Turn, WireEvent } from './answer.ts';
import { namedModel } from './answer.ts';
import type { JsonObject } from './json.ts';
import { countIn, isObject } from './json.ts';
import { countJson, countMessages } from './count.ts';
import {
  badRequest,
  checkCommon,
  checkPrompt,
  choiceCount,
  createdAt,
  openaiCharge,
  tierName,
} from './openai.ts';
import type { ClippedOutput } from './reply.ts';
import { FALLBACK_TEXT, clipOutput, splitText } from './reply.ts';
import { chatUsage, reportUsage } from './report.ts';
import { sampleSchema } from './schema-sample.ts';
import type { BilledUsage } from './usage.ts';
import { NO_USAGE, mergeUsage } from './usage.ts';

/** POST /v1/chat/completions. */
export function answerChat(turn: Turn): Answer {
  const { body, request, site } = turn;
  const field = body['max_completion_tokens'] == null ? 'max_tokens' : 'max_completion_tokens';
  const count = choiceCount(body);
  if (!Array.isArray(body['messages']) || body['messages'].length === 0) {
    return badRequest("Missing required parameter: 'messages'", 'messages');
  }
  if (count === undefined) return badRequest("Invalid 'n': expected 1 to 128", 'n');
  const prompt = countChatPrompt(body, turn);
  const wrong = checkCommon(turn, field) ?? checkPrompt(turn, prompt);
  if (wrong !== undefined) return wrong;
  const reply = site.reply(request);
  const output = clipOutput(reply, {
    ceiling: countIn(body[field]) ?? turn.price.outputTokensMax,
    fallbackText: fallbackText(body),
    countTokens: site.counter,
  });
  const counted: BilledUsage = {
    ...NO_USAGE,
    inputTokens: reply.inputTokens ?? prompt,
    outputTokens: output.outputTokens * count,
    reasoningTokens: output.reasoningTokens * count,
    webSearches: reply.webSearches ?? 0,
  };
  const usage = mergeUsage(counted, reply.usage ?? {});
  const charge = openaiCharge(turn, reply, usage);
  const id = site.nextId('chatcmpl-');
  const toolCalls = output.toolCalls.map((call) => ({
    id: call.id ?? site.nextId('call_'),
    type: 'function',
    function: { name: call.name, arguments: JSON.stringify(call.input) },
  }));
  const head = {
    id,
    created: createdAt(turn),
    model: namedModel(turn),
    service_tier: tierName(charge),
    system_fingerprint: 'fp_emulator',
  };
  const source = { turn, head, usage, output, toolCalls, count };
  return {
    kind: 'generation',
    id,
    charge,
    body: () => chatBody(source),
    events: () => chatEvents(source),
  };
}

interface ChatSource {
  readonly turn: Turn;
  readonly head: JsonObject;
  readonly usage: BilledUsage;
  readonly output: ClippedOutput;
  readonly toolCalls: readonly JsonObject[];
  readonly count: number;
}

function countChatPrompt(body: JsonObject, { site }: Turn): number {
  return (
    countMessages(body['messages'], site.counter) +
    countJson(body['tools'], site.counter) +
    countJson(body['functions'], site.counter) +
    countJson(body['response_format'], site.counter)
  );
}

function chatBody(source: ChatSource): JsonObject {
  const { head, output, toolCalls, turn, usage, count } = source;
  const reported = reportUsage(usage, turn.fault, chatUsage);
  const message = {
    role: 'assistant',
    content: output.text === '' && toolCalls.length > 0 ? null : output.text,
    refusal: null,
    ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls }),
  };
  const choices = Array.from({ length: count }, (_, index) => ({
    index,
    message,
    logprobs: null,
    finish_reason: finishReason(source),
  }));
  const answer = { ...head, object: 'chat.completion', choices };
  return reported === undefined ? answer : { ...answer, usage: reported };
}

/**
 * Chunks of all choices, one choice after the other.
 *
 * With `include_usage` every chunk says `usage: null` and one more, without choices, says it
 * all; without it no chunk mentions usage.
 */
function chatEvents(source: ChatSource): readonly WireEvent[] {
  const { turn, head, usage, count } = source;
  const options = turn.body['stream_options'];
  const isAsked = isObject(options) && options['include_usage'] === true;
  const pieces = Array.from({ length: count }, (_, index) => choicePieces(source, index)).flat();
  const events: WireEvent[] = [];
  for (const [position, choice] of pieces.entries()) {
    const outputTokens = Math.floor((usage.outputTokens * (position + 1)) / pieces.length);
    const data = { ...head, object: 'chat.completion.chunk', choices: [choice] };
    const field = isAsked ? { usage: chunkUsage(source, outputTokens) } : {};
    events.push({ data: { ...data, ...field }, outputTokens });
  }
  const reported = reportUsage(usage, turn.fault, chatUsage);
  if (isAsked && reported !== undefined) {
    const last = { ...head, object: 'chat.completion.chunk', choices: [], usage: reported };
    events.push({ data: last, outputTokens: usage.outputTokens });
  }
  events.push({ data: '[DONE]', outputTokens: usage.outputTokens });
  return events;
}

function chunkUsage({ turn, usage }: ChatSource, outputTokens: number): JsonObject | null {
  return turn.fault?.kind === 'growing-usage' ? chatUsage({ ...usage, outputTokens }) : null;
}

function choicePieces(source: ChatSource, index: number): readonly JsonObject[] {
  const { output, toolCalls, turn } = source;
  const { chunksMax } = turn.site;
  const piece = (delta: JsonObject, reason: string | null = null): JsonObject => ({
    index,
    delta,
    logprobs: null,
    finish_reason: reason,
  });
  const pieces = [piece({ role: 'assistant', content: '', refusal: null })];
  for (const content of splitText(output.text, chunksMax)) pieces.push(piece({ content }));
  for (const [at, call] of toolCalls.entries()) {
    const called = isObject(call['function']) ? call['function'] : {};
    const empty = { ...call, function: { ...called, arguments: '' } };
    pieces.push(piece({ tool_calls: [{ index: at, ...empty }] }));
    for (const part of splitText(String(called['arguments']), chunksMax)) {
      pieces.push(piece({ tool_calls: [{ index: at, function: { arguments: part } }] }));
    }
  }
  pieces.push(piece({}, finishReason(source)));
  return pieces;
}

function finishReason({ output, toolCalls }: ChatSource): string {
  if (output.isClipped) return 'length';
  return toolCalls.length > 0 ? 'tool_calls' : 'stop';
}

function fallbackText(body: JsonObject): string {
  const format = isObject(body['response_format']) ? body['response_format'] : {};
  if (format['type'] === 'json_object') return '{"text":"text"}';
  const named = isObject(format['json_schema']) ? format['json_schema']['schema'] : undefined;
  return isObject(named) ? JSON.stringify(sampleSchema(named)) : FALLBACK_TEXT;
}
