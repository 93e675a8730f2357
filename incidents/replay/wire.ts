import type Anthropic from '@anthropic-ai/sdk';
import type OpenAI from 'openai';
import type { PlannedCall } from './play.ts';
import { base64Of, countReplayTokens, pngOf, proseOf } from './text.ts';

/** The two real clients, with whatever stands between them and the network. */
export interface Clients {
  readonly anthropic: Anthropic;
  readonly openai: OpenAI;
}

/** What a call is made with beside itself. */
export interface Sending {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
  /** The stored conversation that a call may continue. */
  readonly previousId: string | undefined;
}

/** Makes the call through its SDK, and reads the answer as far as the caller would. */
export async function send(clients: Clients, call: PlannedCall, sending: Sending): Promise<void> {
  const options = {
    headers: { ...sending.headers },
    maxRetries: call.sdkRetries,
    timeout: TIMEOUT_MS,
    ...(sending.signal === undefined ? {} : { signal: sending.signal }),
  };
  switch (call.endpoint) {
    case 'messages': {
      const body = messagesBody(call);
      if (!call.isStream) return void (await clients.anthropic.messages.create(body, options));
      const stream = { ...body, stream: true as const };
      return read(await clients.anthropic.messages.create(stream, options), call);
    }
    case 'chat': {
      const body = chatBody(call);
      if (!call.isStream) return void (await clients.openai.chat.completions.create(body, options));
      const stream = { ...body, stream: true as const };
      return read(await clients.openai.chat.completions.create(stream, options), call);
    }
    case 'responses': {
      const body = responsesBody(call, sending.previousId);
      if (!call.isStream) return void (await clients.openai.responses.create(body, options));
      const stream = { ...body, stream: true as const };
      return read(await clients.openai.responses.create(stream, options), call);
    }
    case 'embeddings': {
      await clients.openai.embeddings.create(embeddingsBody(call), options);
      return;
    }
    default:
      call.endpoint satisfies never;
  }
}

/** Explicit, so that no SDK refuses a large ceiling without a stream. */
const TIMEOUT_MS = 120_000;
/** The provider's framing: once a request, and once a message. */
const REQUEST_TOKENS = 3;
const MESSAGE_TOKENS = 3;

async function read(stream: AsyncIterable<object>, { leavesAfter }: PlannedCall): Promise<void> {
  let pieces = 0;
  for await (const event of stream) {
    if (leavesAfter === undefined) continue;
    if (isPiece(event)) pieces += 1;
    if (pieces >= leavesAfter) return;
  }
}

interface Turn {
  readonly role: 'user' | 'assistant';
  readonly text: string;
}

/** The conversation, of exactly `promptTokens`; what it has gained stands in turns of its own. */
function turnsOf({ promptTokens, grownTokens }: PlannedCall): readonly Turn[] {
  const answered = MESSAGE_TOKENS * 2 + ASKED_AGAIN_TOKENS;
  if (grownTokens < answered + 1) {
    return [{ role: 'user', text: proseOf(promptTokens - REQUEST_TOKENS - MESSAGE_TOKENS) }];
  }
  const first = promptTokens - grownTokens - REQUEST_TOKENS - MESSAGE_TOKENS;
  return [
    { role: 'user', text: proseOf(first) },
    { role: 'assistant', text: proseOf(grownTokens - answered) },
    { role: 'user', text: proseOf(ASKED_AGAIN_TOKENS) },
  ];
}

const ASKED_AGAIN_TOKENS = 4;

function messagesBody(call: PlannedCall) {
  const tool = {
    type: 'web_search_20250305' as const,
    name: 'web_search' as const,
    max_uses: call.usage.units,
  };
  const tools = call.searchTool === 'uses' ? [tool] : [];
  // What a tool's definition takes of the prompt is part of it.
  const toolTokens = tools.length === 0 ? 0 : countReplayTokens(JSON.stringify(tool));
  const [first, ...others] = turnsOf({ ...call, promptTokens: call.promptTokens - toolTokens });
  const messages: Anthropic.MessageParam[] = [
    { role: 'user', content: firstContent(call, first?.text ?? '') },
    ...others.map(({ role, text }) => ({ role, content: text })),
  ];
  return {
    model: call.model,
    max_tokens: call.outputMax ?? 0,
    messages,
    ...(tools.length === 0 ? {} : { tools }),
  };
}

function firstContent(call: PlannedCall, text: string): string | Anthropic.ContentBlockParam[] {
  const { base64Chars, image, marksCache } = call;
  if (base64Chars === 0 && image === undefined && !marksCache) return text;
  const blocks: Anthropic.ContentBlockParam[] = [];
  if (marksCache) {
    blocks.push({ type: 'text', text, cache_control: { type: 'ephemeral' } });
  } else if (text !== '') blocks.push({ type: 'text', text });
  if (base64Chars > 0) blocks.push({ type: 'text', text: base64Of(base64Chars) });
  if (image !== undefined) {
    const data = pngOf(image);
    blocks.push({ type: 'image', source: { type: 'base64', media_type: 'image/png', data } });
  }
  return blocks;
}

function chatBody(call: PlannedCall) {
  const messages = turnsOf(call).map(({ role, text }) => ({ role, content: text }));
  return {
    model: call.model,
    messages,
    ...(call.outputMax === undefined ? {} : { max_completion_tokens: call.outputMax }),
    ...(call.searchTool === 'lump' ? { web_search_options: {} } : {}),
  };
}

function responsesBody(call: PlannedCall, previousId: string | undefined) {
  const [turn] = turnsOf({ ...call, grownTokens: 0 });
  return {
    model: call.model,
    input: turn?.text ?? '',
    ...(call.outputMax === undefined ? {} : { max_output_tokens: call.outputMax }),
    ...(call.continues && previousId !== undefined ? { previous_response_id: previousId } : {}),
  };
}

/** What one text of a batch holds at most: the window of the model that embeds it. */
const EMBEDDED_TOKENS_MAX = 8_000;

function embeddingsBody({ model, promptTokens }: PlannedCall) {
  const input: string[] = [];
  for (let left = promptTokens; left > 0; left -= EMBEDDED_TOKENS_MAX) {
    input.push(proseOf(Math.min(left, EMBEDDED_TOKENS_MAX)));
  }
  return { model, input, dimensions: 4 };
}

function isPiece(event: object): boolean {
  return 'type' in event && String(event.type).endsWith('delta');
}
