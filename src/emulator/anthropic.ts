import type { Answer, Failure, Turn, WireEvent } from './answer.ts';
import { chargedModel, namedModel } from './answer.ts';
import { anthropicEvents, messageBody } from './anthropic-stream.ts';
import type { Charge } from './bill.ts';
import { countIn, isObject, textIn } from './json.ts';
import type { JsonObject } from './json.ts';
import { countAnthropicPrompt } from './prompt-cache.ts';
import type { ClippedOutput, Iteration, Reply } from './reply.ts';
import { remember } from './history.ts';
import { FALLBACK_TEXT, clipOutput } from './reply.ts';
import { anthropicUsage, reportUsage } from './report.ts';
import { sampleSchema } from './schema-sample.ts';
import type { BilledUsage } from './usage.ts';
import { NO_USAGE, mergeUsage, promptTokens } from './usage.ts';

/**
 * POST /v1/messages: one answer of the Messages API, billed as Anthropic bills.
 *
 * A `thread` that continues bills the stored conversation again, as input of this request.
 */
export function answerMessages(turn: Turn): Answer {
  const wrong = checkMessages(turn);
  if (wrong !== undefined) return wrong;
  const { body, price, request, site } = turn;
  const earlier = threadTokens(turn);
  if (earlier === undefined) return badRequest('thread: previous_message_id not found');
  const reply = site.reply(request);
  const prompt = promptUsage(turn, reply);
  if (prompt === undefined)
    return badRequest(`prompt is too long: ${price.inputTokensMax} maximum`);
  const output = clipOutput(reply, {
    ceiling: countIn(body['max_tokens']),
    fallbackText: fallbackText(body),
    countTokens: site.counter,
  });
  const counted: BilledUsage = {
    ...NO_USAGE,
    ...prompt,
    outputTokens: output.outputTokens,
    webSearches: reply.webSearches ?? 0,
  };
  const history = reply.inputTokens === undefined ? earlier : 0;
  const whole = { ...counted, inputTokens: counted.inputTokens + history };
  const usage = mergeUsage(whole, reply.usage ?? {});
  const charge: Charge = {
    model: chargedModel(turn),
    usage,
    tier: reply.serviceTier ?? 'standard',
    isFast: body['speed'] === 'fast',
    geo: textIn(body['inference_geo']) ?? reply.inferenceGeo,
    iterations: (reply.iterations ?? []).map((one) => ({
      model: one.model ?? chargedModel(turn),
      usage: mergeUsage(NO_USAGE, one.usage),
    })),
  };
  const id = site.nextId('msg_');
  if (isObject(body['thread'])) {
    remember(site.history, id, promptTokens(usage) + usage.outputTokens);
  }
  const content = contentOf(output, turn);
  const stopReason = stopReasonOf(output, content);
  const message = { id, model: namedModel(turn), content, stopReason };
  const wire = (part: BilledUsage): JsonObject | undefined => wireUsage(turn, charge, reply, part);
  return {
    kind: 'generation',
    id,
    charge,
    body: () => messageBody({ ...message, usage: wire(usage) }),
    events: (): readonly WireEvent[] => anthropicEvents({ ...message, turn, truth: usage, wire }),
  };
}

/** POST /v1/messages/count_tokens: free. */
export function answerCountTokens(turn: Turn): Answer {
  return {
    kind: 'free',
    body: { input_tokens: countAnthropicPrompt(turn.body, turn.site.counter) },
  };
}

/** Tokens of the conversation that the request continues; `undefined`: there is none by that id. */
function threadTokens({ body, site }: Turn): number | undefined {
  const { thread } = body;
  if (!isObject(thread) || thread['type'] !== 'continue') return 0;
  const previous = textIn(thread['previous_message_id']);
  return previous === undefined ? undefined : site.history.get(previous);
}

function checkMessages({ body, price }: Turn): Failure | undefined {
  if (body['max_tokens'] === undefined) return badRequest('max_tokens: Field required');
  const ceiling = countIn(body['max_tokens']);
  if (ceiling === undefined) return badRequest('max_tokens: Input should be a valid integer');
  const most = price.outputTokensMax;
  if (most !== undefined && ceiling > most) {
    return badRequest(
      `max_tokens: ${ceiling} > ${most}, which is the maximum allowed number of output tokens`,
    );
  }
  const { messages } = body;
  if (!Array.isArray(messages)) return badRequest('messages: Field required');
  if (messages.length === 0) return badRequest('messages: at least one message is required');
  if (body['speed'] === 'fast' && price.fastFactor === undefined) {
    return badRequest('speed: this model does not support fast mode');
  }
  return undefined;
}

function promptUsage({ body, price, request, site }: Turn, reply: Reply) {
  if (reply.inputTokens !== undefined) return { inputTokens: reply.inputTokens };
  return site.cache.admit(body, request.at, price.inputTokensMax ?? Number.MAX_SAFE_INTEGER);
}

/** A reply to a request for structured output must parse, so it is made from the schema. */
function fallbackText(body: JsonObject): string {
  const config = isObject(body['output_config']) ? body['output_config'] : {};
  const format = isObject(config['format']) ? config['format'] : body['output_format'];
  const schema = isObject(format) ? format['schema'] : undefined;
  return isObject(schema) ? JSON.stringify(sampleSchema(schema)) : FALLBACK_TEXT;
}

function contentOf(output: ClippedOutput, { site }: Turn): readonly JsonObject[] {
  const content: JsonObject[] = [];
  if (output.thinking !== '') {
    content.push({ type: 'thinking', thinking: output.thinking, signature: 'ZW11bGF0ZWQ=' });
  }
  if (output.text !== '') content.push({ type: 'text', text: output.text });
  for (const call of output.toolCalls) {
    const id = call.id ?? site.nextId('toolu_');
    content.push({ type: 'tool_use', id, name: call.name, input: call.input });
  }
  return content;
}

function stopReasonOf(output: ClippedOutput, content: readonly JsonObject[]): string {
  if (output.isClipped) return 'max_tokens';
  return content.some((block) => block['type'] === 'tool_use') ? 'tool_use' : 'end_turn';
}

function wireUsage(
  { fault, price }: Turn,
  charge: Charge,
  reply: Reply,
  part: BilledUsage,
): JsonObject | undefined {
  const counted = reportUsage(part, fault, anthropicUsage);
  if (counted === undefined) return undefined;
  return {
    ...counted,
    output_tokens_details: null,
    service_tier: charge.tier,
    inference_geo: charge.geo ?? (price.geoFactors === undefined ? 'not_available' : 'global'),
    speed: charge.isFast ? 'fast' : 'standard',
    ...iterationsField(charge, reply, part),
  };
}

function iterationsField(charge: Charge, reply: Reply, part: BilledUsage): JsonObject {
  if (charge.iterations.length === 0) return {};
  const own = { type: 'message', model: charge.model, ...anthropicUsage(part) };
  const others = charge.iterations.map((one, index) =>
    iterationJson(one, reply.iterations?.[index]),
  );
  return { iterations: [own, ...others] };
}

function iterationJson(
  billed: Charge['iterations'][number],
  asked: Iteration | undefined,
): JsonObject {
  const { type } = asked ?? { type: 'compaction' };
  // A compaction is always the answering model's, and the wire does not repeat its name.
  const name = type === 'compaction' ? {} : { model: billed.model };
  return { type, ...name, ...anthropicUsage(billed.usage) };
}

function badRequest(message: string): Failure {
  return { kind: 'failure', status: 400, type: 'invalid_request_error', message };
}
