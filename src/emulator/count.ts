import type { JsonObject } from './json.ts';
import { isObject, objectsIn, textIn } from './json.ts';

/** Turns text into a number of tokens: a whole number from 0, the same each time. */
export type TokenCounter = (text: string) => number;

/** Tokens that a provider adds around each message, and once per request. */
const MESSAGE_TOKENS = 3;
const REQUEST_TOKENS = 3;
/** An image whose size cannot be read counts as the largest (Claude before 4.7). */
const IMAGE_TOKENS_MAX = 1_568;
const IMAGE_PATCH_PIXELS = 28;
const MEDIA_TYPES = new Set([
  'image',
  'image_url',
  'input_image',
  'document',
  'file',
  'input_file',
]);

/** One token per four bytes of UTF-8, rounded up: near enough to real tokenizers on English. */
export function countQuarterBytes(text: string): number {
  return Math.ceil(Buffer.byteLength(text, 'utf8') / 4);
}

/** Tokens of a list of chat messages with their framing. */
export function countMessages(messages: unknown, counter: TokenCounter): number {
  let total = REQUEST_TOKENS;
  for (const message of objectsIn(messages))
    total += MESSAGE_TOKENS + countContent(message, counter);
  return total;
}

/** Tokens of anything that reaches the model as JSON: a tool, a schema. Absent counts 0. */
export function countJson(value: unknown, counter: TokenCounter): number {
  return value === undefined || value === null ? 0 : counter(JSON.stringify(value));
}

/** Tokens of one block, message or text: its text, tool calls, results and pictures. */
export function countContent(root: unknown, counter: TokenCounter): number {
  let total = 0;
  const open: unknown[] = [root];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === 'string') {
      total += value === '' ? 0 : counter(value);
    } else if (Array.isArray(value)) {
      open.push(...value);
    } else if (isObject(value)) {
      const plain = plainDocument(value);
      if (plain !== undefined) open.push(plain);
      else if (MEDIA_TYPES.has(textIn(value['type']) ?? '')) total += countImage(value);
      else open.push(...partsOf(value));
    }
  }
  return total;
}

/** Tokens of an embedding or completion input: text, texts, token ids, or lists of them. */
export function countPrompt(input: unknown, counter: TokenCounter): number {
  if (typeof input === 'string') return counter(input);
  if (!Array.isArray(input)) return 0;
  let total = 0;
  for (const part of input) {
    if (typeof part === 'number') total += 1;
    else if (Array.isArray(part)) total += part.length;
    else total += countPrompt(textIn(part) ?? '', counter);
  }
  return total;
}

/** The fields of a message or block that the model reads as content. */
function partsOf(block: JsonObject): readonly unknown[] {
  const parts: unknown[] = [];
  for (const name of ['text', 'content', 'thinking', 'name', 'arguments', 'output', 'refusal']) {
    if (block[name] !== undefined) parts.push(block[name]);
  }
  if (block['input'] !== undefined) parts.push(JSON.stringify(block['input']));
  for (const call of objectsIn(block['tool_calls'])) parts.push(call['function']);
  return parts;
}

/** The text of a document block that carries its text as it is. */
function plainDocument(block: JsonObject): string | undefined {
  const source = isObject(block['source']) ? block['source'] : {};
  return source['type'] === 'text' ? textIn(source['data']) : undefined;
}

function countImage(block: JsonObject): number {
  const source = isObject(block['source']) ? block['source'] : {};
  const link = isObject(block['image_url']) ? block['image_url']['url'] : block['image_url'];
  const inline = /^data:[^,]*;base64,(.*)$/s.exec(textIn(link) ?? '')?.[1];
  const size = pngSize(textIn(source['data']) ?? inline ?? '');
  if (size === undefined) return IMAGE_TOKENS_MAX;
  const patches = (pixels: number): number => Math.ceil(pixels / IMAGE_PATCH_PIXELS);
  return Math.min(IMAGE_TOKENS_MAX, patches(size.width) * patches(size.height));
}

/** Width and height from the head of a PNG in base64; `undefined` for anything else. */
function pngSize(base64: string): { readonly width: number; readonly height: number } | undefined {
  const head = Buffer.from(base64.slice(0, 32), 'base64');
  if (head.length < 24 || head.toString('latin1', 1, 4) !== 'PNG') return undefined;
  return { width: head.readUInt32BE(16), height: head.readUInt32BE(20) };
}
