import { openAnthropicMeter } from '../src/providers/anthropic/usage.ts';
import { openOpenAIMeter } from '../src/providers/openai/usage.ts';
import type { RequestFacts } from '../src/providers/provider.ts';

const BYTES_PER_MB = 1_000_000;
const CHUNK_BYTES = 65_536;
const BODY_BYTES = 20 * BYTES_PER_MB;
const ROUNDS = 5;

/** How fast a meter reads one kind of body. */
export interface MeterSpeed {
  readonly body: string;
  /** Megabytes (10^6 bytes) per second, the best of five rounds on 20 MB in 64 KiB chunks. */
  readonly megabytesPerSecond: number;
}

const encode = (text: string) => new TextEncoder().encode(text);
const facts: RequestFacts = { route: 'x', model: 'm', isStream: true, body: {} };
const sse = (event: object) => `data: ${JSON.stringify(event)}\n\n`;
const words = 'the quick brown fox jumps over the lazy dog ';

/** Kinds of body: how one begins, and what repeats. */
const BODIES = [
  ['JSON, one long string', 'json', '{"content":[{"text":"', words],
  ['JSON, string with escapes', 'json', '{"content":[{"text":"', `${words}\\n\\t\\"quoted\\" `],
  ['JSON, embedding numbers', 'json', '{"data":[{"embedding":[0', ',-0.008934271'],
  ['JSON, many small objects', 'json', '{"content":[0', ',{"type":"text","text":"hi","n":null}'],
  [
    'SSE, Anthropic text deltas',
    'sse',
    '',
    `event: content_block_delta\n${sse({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'text_delta', text: 'Hello there' },
    })}`,
  ],
  [
    'SSE, OpenAI chat chunks',
    'sse',
    '',
    sse({
      id: 'chatcmpl-123',
      object: 'chat.completion.chunk',
      created: 1_694_268_190,
      model: 'gpt-5-2025-08-07',
      service_tier: 'default',
      system_fingerprint: 'fp_44709d6fcb',
      choices: [{ index: 0, delta: { content: 'Hello' }, logprobs: null, finish_reason: null }],
      usage: null,
    }),
  ],
  ['SSE, events of 100 kB', 'sse', '', sse({ type: 'image', b64: words.repeat(2270) })],
] as const;

/** Measures the meters over the bodies that they meet; takes a few seconds. */
export function benchMeter(): readonly MeterSpeed[] {
  return BODIES.map(([body, kind, head, repeated]) => {
    const open = body.includes('OpenAI') || kind === 'json' ? openOpenAIMeter : openAnthropicMeter;
    const type = kind === 'sse' ? 'text/event-stream' : 'application/json';
    const all = encode(repeated.repeat(Math.ceil(BODY_BYTES / repeated.length)));
    let best = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const meter = open(facts, type);
      meter.push(encode(head));
      const begin = performance.now();
      for (let at = 0; at < all.length; at += CHUNK_BYTES) {
        meter.push(all.subarray(at, at + CHUNK_BYTES));
      }
      const seconds = (performance.now() - begin) / 1000;
      best = Math.max(best, all.length / BYTES_PER_MB / seconds);
    }
    return { body, megabytesPerSecond: Math.round(best) };
  });
}
