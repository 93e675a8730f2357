import { createHash } from 'node:crypto';
import type { TokenCounter } from './count.ts';
import { countContent, countJson, countMessages } from './count.ts';
import type { JsonObject } from './json.ts';
import { isObject, objectsIn } from './json.ts';

/** How a prompt splits over the cache. The four parts are disjoint and make up the prompt. */
export interface CacheSplit {
  readonly inputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly cacheWrite1hTokens: number;
}

/**
 * Anthropic's prompt cache: prefixes up to a `cache_control` mark, kept five minutes or one hour.
 *
 * P1. A prefix is read only when model and every block up to the mark are the same as before.
 * P2. A read keeps the prefix for its full time again.
 * P3. A prefix shorter than `minTokens` is neither written nor read.
 */
export interface PromptCache {
  /**
   * Splits the prompt, and keeps what its marks ask to be kept. `at` is in epoch milliseconds.
   * `undefined`, and nothing kept, when the prompt is longer than `tokensMax`.
   */
  admit(body: JsonObject, at: number, tokensMax: number): CacheSplit | undefined;
  clear(): void;
}

/** How tokens are counted, and from how many on a prefix is kept. */
export interface PromptCacheOptions {
  readonly counter: TokenCounter;
  readonly minTokens: number;
}

interface Block {
  readonly content: unknown;
  readonly tokens: number;
  readonly ttlMs: number | undefined;
}

interface Prefix {
  readonly key: string;
  /** Tokens from the start of the prompt to the end of this block. */
  readonly tokens: number;
  readonly ttlMs: number | undefined;
}

const TTL_5M_MS = 300_000;
const TTL_1H_MS = 3_600_000;
/** How many blocks before a mark are tried for an older, shorter prefix. */
const LOOKBACK_BLOCKS = 20;
const PREFIXES_MAX = 10_000;

/** An empty prompt cache. */
export function createPromptCache(options: PromptCacheOptions): PromptCache {
  const kept = new Map<string, { readonly ttlMs: number; readonly until: number }>();

  function readable(prefixes: readonly Prefix[], at: number): Prefix | undefined {
    for (let end = prefixes.length - 1; end >= 0; end -= 1) {
      if (prefixes[end]?.ttlMs === undefined) continue;
      const start = Math.max(0, end - LOOKBACK_BLOCKS);
      for (let index = end; index >= start; index -= 1) {
        const prefix = prefixes[index];
        const entry = prefix === undefined ? undefined : kept.get(prefix.key);
        if (entry === undefined || entry.until <= at) continue;
        return prefix;
      }
    }
    return undefined;
  }

  function keep(key: string, ttlMs: number, at: number): void {
    kept.delete(key);
    kept.set(key, { ttlMs, until: at + ttlMs });
    const oldest = kept.size > PREFIXES_MAX ? kept.keys().next().value : undefined;
    if (oldest !== undefined) kept.delete(oldest);
  }

  function admit(body: JsonObject, at: number, tokensMax: number): CacheSplit | undefined {
    const { blocks, framing } = blocksOf(body, options.counter);
    const total = framing + blocks.reduce((sum, block) => sum + block.tokens, 0);
    if (total > tokensMax) return undefined;
    const prefixes = prefixesOf(body, blocks).filter((one) => one.tokens >= options.minTokens);
    const read = readable(prefixes, at);
    const readEntry = read === undefined ? undefined : kept.get(read.key);
    if (read !== undefined && readEntry !== undefined) keep(read.key, readEntry.ttlMs, at);
    let done = read?.tokens ?? 0;
    let write5m = 0;
    let write1h = 0;
    for (const { key, tokens, ttlMs } of prefixes) {
      if (ttlMs === undefined || tokens <= done) continue;
      if (ttlMs === TTL_1H_MS) write1h += tokens - done;
      else write5m += tokens - done;
      done = tokens;
      keep(key, ttlMs, at);
    }
    return {
      inputTokens: total - done,
      cacheReadTokens: read?.tokens ?? 0,
      cacheWriteTokens: write5m,
      cacheWrite1hTokens: write1h,
    };
  }

  return { admit, clear: () => kept.clear() };
}

/** All tokens of an Anthropic prompt, whatever its marks. */
export function countAnthropicPrompt(body: JsonObject, counter: TokenCounter): number {
  const { blocks, framing } = blocksOf(body, counter);
  return framing + blocks.reduce((sum, block) => sum + block.tokens, 0);
}

/** All parts of the prompt in the order that the cache sees them: tools, system, messages. */
function blocksOf(
  body: JsonObject,
  counter: TokenCounter,
): { readonly blocks: readonly Block[]; readonly framing: number } {
  const blocks: Block[] = [];
  for (const tool of objectsIn(body['tools'])) {
    blocks.push({ content: tool, tokens: countJson(bare(tool), counter), ttlMs: ttlOf(tool) });
  }
  for (const content of contentsOf(body['system'])) blocks.push(blockOf(content, counter));
  for (const message of objectsIn(body['messages'])) {
    for (const content of contentsOf(message['content'])) {
      const block = blockOf(content, counter);
      blocks.push({ ...block, content: [message['role'], content] });
    }
  }
  const last = blocks.at(-1);
  const ttlMs = ttlOf(body);
  if (last !== undefined && ttlMs !== undefined) blocks[blocks.length - 1] = { ...last, ttlMs };
  const empty = objectsIn(body['messages']).map(() => ({}));
  return { blocks, framing: countMessages(empty, counter) };
}

function blockOf(content: unknown, counter: TokenCounter): Block {
  return {
    content,
    tokens: countContent(content, counter),
    ttlMs: isObject(content) ? ttlOf(content) : undefined,
  };
}

function contentsOf(content: unknown): readonly unknown[] {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return Array.isArray(content) ? content : [];
}

function prefixesOf(body: JsonObject, blocks: readonly Block[]): readonly Prefix[] {
  // Without a mark nothing can be read or written, and hashing is the dearest step.
  if (blocks.every((block) => block.ttlMs === undefined)) return [];
  const hash = createHash('sha256').update(String(body['model']));
  let tokens = 0;
  return blocks.map((block) => {
    tokens += block.tokens;
    hash.update('\n').update(JSON.stringify(block.content, dropMark));
    return { key: hash.copy().digest('base64'), tokens, ttlMs: block.ttlMs };
  });
}

function ttlOf(block: JsonObject): number | undefined {
  const mark = block['cache_control'];
  if (!isObject(mark) || mark['type'] !== 'ephemeral') return undefined;
  return mark['ttl'] === '1h' ? TTL_1H_MS : TTL_5M_MS;
}

/** A mark moves from turn to turn; it is no part of what is cached. */
function dropMark(key: string, value: unknown): unknown {
  return key === 'cache_control' ? undefined : value;
}

function bare(block: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(block).filter(([name]) => name !== 'cache_control'));
}
