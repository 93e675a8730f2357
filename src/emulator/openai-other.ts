/** OpenAI's smaller endpoints: embeddings, legacy completions, images. */

import type { Answer, Turn, WireEvent } from './answer.ts';
import { namedModel } from './answer.ts';
import type { JsonObject } from './json.ts';
import { countIn, isObject, textIn } from './json.ts';
import { countPrompt } from './count.ts';
import {
  badRequest,
  checkCommon,
  checkPrompt,
  choiceCount,
  createdAt,
  openaiCharge,
} from './openai.ts';
import { FALLBACK_TEXT, clipOutput, splitText } from './reply.ts';
import { chatUsage, embeddingsUsage, imagesUsage, reportUsage } from './report.ts';
import { NO_USAGE, mergeUsage } from './usage.ts';

const EMBEDDING_SIZE = 1_536;
/** What a legacy completion may write when the request names no ceiling. */
const COMPLETION_TOKENS = 16;
/** One transparent pixel. */
const PNG_PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk' +
  'YPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';
/** Output tokens per gpt-image-1 picture by quality: square, and either oblong. */
const IMAGE_TOKENS: Readonly<Record<string, readonly [square: number, oblong: number]>> = {
  low: [272, 408],
  medium: [1_056, 1_584],
  high: [4_160, 6_240],
};

/** POST /v1/embeddings, as numbers or as base64 of little-endian floats. */
export function answerEmbeddings(turn: Turn): Answer {
  const { body, price, request, site } = turn;
  const { input } = body;
  if (input === undefined) return badRequest("Missing required parameter: 'input'", 'input');
  const isSingle = !Array.isArray(input) || typeof input[0] === 'number';
  const inputs: readonly unknown[] = isSingle ? [input] : input;
  const reply = site.reply(request);
  const tokens = inputs.map((one) => countPrompt(one, site.counter));
  const wrong = checkPrompt(turn, Math.max(0, ...tokens));
  if (wrong !== undefined) return wrong;
  const counted = tokens.reduce((sum, count) => sum + count, 0);
  const usage = mergeUsage(
    { ...NO_USAGE, inputTokens: reply.inputTokens ?? counted },
    reply.usage ?? {},
  );
  const charge = openaiCharge(turn, reply, usage);
  const size = countIn(body['dimensions']) ?? price.embeddingSize ?? EMBEDDING_SIZE;
  const isBase64 = body['encoding_format'] === 'base64';
  const reported = reportUsage(usage, turn.fault, embeddingsUsage);
  const answer = (): JsonObject => ({
    object: 'list',
    data: inputs.map((one, index) => {
      const vector = vectorOf(JSON.stringify(one), size);
      const embedding = isBase64 ? Buffer.from(vector.buffer).toString('base64') : [...vector];
      return { object: 'embedding', index, embedding };
    }),
    model: namedModel(turn),
    ...(reported === undefined ? {} : { usage: reported }),
  });
  return { kind: 'generation', id: site.nextId('embd_'), charge, body: answer, events: () => [] };
}

/** POST /v1/completions: every prompt answered `n` times, `best_of` of them billed. */
export function answerCompletions(turn: Turn): Answer {
  const { body, request, site } = turn;
  const { prompt = '' } = body;
  const asked = choiceCount(body);
  if (asked === undefined) return badRequest("Invalid 'n': expected 1 to 128", 'n');
  const isMany = Array.isArray(prompt) && typeof prompt[0] !== 'number';
  const count = asked * (isMany ? prompt.length : 1);
  const billed = Math.max(asked, countIn(body['best_of']) ?? 1) * (isMany ? prompt.length : 1);
  const tokens = countPrompt(prompt, site.counter);
  const wrong = checkCommon(turn, 'max_tokens') ?? checkPrompt(turn, tokens);
  if (wrong !== undefined) return wrong;
  const reply = site.reply(request);
  const output = clipOutput(reply, {
    ceiling: countIn(body['max_tokens']) ?? COMPLETION_TOKENS,
    fallbackText: FALLBACK_TEXT,
    countTokens: site.counter,
  });
  const counted = {
    ...NO_USAGE,
    inputTokens: reply.inputTokens ?? tokens,
    outputTokens: output.outputTokens * billed,
  };
  const usage = mergeUsage(counted, reply.usage ?? {});
  const id = site.nextId('cmpl-');
  const model = namedModel(turn);
  const head = { id, object: 'text_completion', created: createdAt(turn), model };
  const reason = output.isClipped ? 'length' : 'stop';
  const choice = (index: number, text: string, finish_reason: string | null): JsonObject => ({
    index,
    text,
    logprobs: null,
    finish_reason,
  });
  const reported = reportUsage(usage, turn.fault, chatUsage);
  const usageField = reported === undefined ? {} : { usage: reported };
  const indexes = Array.from({ length: count }, (_, index) => index);
  return {
    kind: 'generation',
    id,
    charge: openaiCharge(turn, reply, usage),
    body: () => ({
      ...head,
      choices: indexes.map((index) => choice(index, output.text, reason)),
      ...usageField,
    }),
    events: (): readonly WireEvent[] => {
      const options = body['stream_options'];
      const isAsked = isObject(options) && options['include_usage'] === true;
      const chunks = indexes.flatMap((index) => [
        ...splitText(output.text, site.chunksMax).map((text) => choice(index, text, null)),
        choice(index, '', reason),
      ]);
      const nothing = isAsked ? { usage: null } : {};
      const events: WireEvent[] = chunks.map((one, position) => ({
        data: { ...head, choices: [one], ...nothing },
        outputTokens: Math.floor((usage.outputTokens * (position + 1)) / chunks.length),
      }));
      const { outputTokens } = usage;
      if (isAsked && reported !== undefined) {
        events.push({ data: { ...head, choices: [], usage: reported }, outputTokens });
      }
      events.push({ data: '[DONE]', outputTokens });
      return events;
    },
  };
}

/** POST /v1/images/generations: image tokens by quality and shape, times `n`. */
export function answerImages(turn: Turn): Answer {
  const { body, request, site } = turn;
  const prompt = textIn(body['prompt']);
  if (prompt === undefined) return badRequest("Missing required parameter: 'prompt'", 'prompt');
  const count = choiceCount(body);
  if (count === undefined || count > 10) return badRequest("Invalid 'n': expected 1 to 10", 'n');
  const reply = site.reply(request);
  const [square, oblong] = IMAGE_TOKENS[textIn(body['quality']) ?? 'high'] ?? [4_160, 6_240];
  const size = textIn(body['size']) ?? '1024x1024';
  const perImage = reply.outputTokens ?? (size === '1024x1024' ? square : oblong);
  const counted = {
    ...NO_USAGE,
    inputTokens: reply.inputTokens ?? site.counter(prompt),
    imageOutputTokens: perImage * count,
  };
  const usage = mergeUsage(counted, reply.usage ?? {});
  const reported = reportUsage(usage, turn.fault, imagesUsage);
  return {
    kind: 'generation',
    id: site.nextId('img_'),
    charge: openaiCharge(turn, reply, usage),
    body: () => ({
      created: createdAt(turn),
      background: 'opaque',
      output_format: 'png',
      quality: textIn(body['quality']) ?? 'high',
      size,
      data: Array.from({ length: count }, () => ({ b64_json: PNG_PIXEL })),
      ...(reported === undefined ? {} : { usage: reported }),
    }),
    events: () => [],
  };
}

/** Numbers from -1 to 1 that depend on nothing but the text. */
function vectorOf(text: string, size: number): Float32Array {
  let state = 2_166_136_261;
  for (let index = 0; index < text.length; index += 1) {
    state = Math.imul(state ^ text.charCodeAt(index), 16_777_619);
  }
  const vector = new Float32Array(size);
  for (let index = 0; index < size; index += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    vector[index] = state / 2_147_483_648;
  }
  return vector;
}
