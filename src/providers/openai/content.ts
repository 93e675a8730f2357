import { TOOLS_OVERHEAD_TOKENS } from '../../estimate/body-tokens.ts';
import { dataUrlBase64, imageSize, patches } from '../../estimate/media.ts';
import { unknownFeature, type BoundDraft } from '../bound-draft.ts';
import type { JsonObject } from '../provider.ts';
import { isObject } from '../read-json.ts';
import {
  BUILT_IN_TOOL_TOKENS,
  CLIENT_TOOLS,
  HOSTED_TOOLS,
  MEDIA_FEATURES,
  PARTS,
  type HostedTool,
} from './features.ts';
import { fillKept } from './parts/kept-items.ts';

/** What is counted, and noticed, while content is read. */
export interface ContentTerms {
  readonly draft: BoundDraft;
  readonly model: string;
  /** `max_tool_calls` of the request. */
  readonly toolCallsMax: number | undefined;
  hasAudio: boolean;
}

/** Measures chat messages. */
export function tallyMessages(terms: ContentTerms, messages: unknown): void {
  const { draft } = terms;
  if (!Array.isArray(messages)) {
    draft.tally.value(messages, true);
    return;
  }
  for (const message of messages as unknown[]) {
    draft.tally.frame();
    if (isObject(message)) tallyMessage(terms, message);
    else draft.tally.value(message, false);
    if (draft.tally.fault !== undefined) return;
  }
}

function tallyMessage(terms: ContentTerms, message: JsonObject): void {
  const { tally } = terms.draft;
  for (const name of Object.keys(message)) {
    const value = message[name];
    if (name === 'content') {
      tally.key(name);
      tallyContent(terms, value);
      continue;
    }
    tally.field(name, value, name === 'tool_calls' || name === 'function_call');
    if (name !== 'audio' || !isObject(value)) continue;
    terms.hasAudio = true;
    terms.draft.fill(MEDIA_FEATURES.audioId);
  }
}

/**
 * Measures text, content parts or Responses items, to any depth, without recursion. Base64 is left
 * out only where the provider decodes it as media, and counted there by formula.
 */
export function tallyContent(terms: ContentTerms, content: unknown): void {
  const { tally } = terms.draft;
  if (typeof content === 'string') {
    tally.text(content);
    return;
  }
  const pending: unknown[] = [content];
  while (pending.length > 0 && tally.fault === undefined) {
    const item = pending.pop();
    tally.frame();
    if (Array.isArray(item)) for (const part of item) pending.push(part);
    else if (isObject(item)) tallyPart(terms, item, pending);
    else tally.value(item, false);
  }
}

/** Fields of a `nested` part that hold text, a part or parts again. */
const NESTED: ReadonlySet<string> = new Set(['content', 'output', 'summary']);

function tallyPart(terms: ContentTerms, part: JsonObject, pending: unknown[]): void {
  const { draft } = terms;
  const type = part['type'] ?? typeOfUntyped(part);
  const rule = PARTS.get(type) ?? unknownFeature('content part', type);
  if (typeof rule === 'object') {
    draft.tally.value(part, true);
    draft.use(rule);
    return;
  }
  fillKept(draft, type, part);
  switch (rule) {
    case 'plain':
    case 'json':
    case 'reference':
      draft.tally.value(part, rule === 'json');
      return;
    case 'nested':
      for (const name of Object.keys(part)) {
        if (NESTED.has(name)) pending.push(part[name]);
        else draft.tally.field(name, part[name], false);
      }
      return;
    case 'image':
      tallyImage(terms, part);
      return;
    case 'file':
      tallyFile(draft, part);
      return;
    case 'audio':
      terms.hasAudio = true;
      tallyBeside(draft, part, 'input_audio');
      draft.fill(MEDIA_FEATURES.audio);
      return;
    case 'tools':
      tallyBeside(draft, part, 'tools');
      tallyTools(terms, part['tools']);
      return;
    default:
      rule satisfies never;
  }
}

/** Responses items may leave the type out: a message has a role, a reference nothing but an id. */
function typeOfUntyped(part: JsonObject): string {
  if ('role' in part) return 'message';
  if ('outcome' in part) return 'stdout';
  return 'id' in part ? 'item_reference' : 'undefined';
}

function tallyBeside(draft: BoundDraft, part: JsonObject, left: string): void {
  for (const name of Object.keys(part)) {
    if (name === left) draft.tally.key(name);
    else draft.tally.field(name, part[name], false);
  }
}

/** An image by URL, data URL, stored id, or as an earlier generated `result`. */
function tallyImage({ draft, model }: ContentTerms, part: JsonObject): void {
  const shown = part['image_url'];
  const link = isObject(shown) ? shown['url'] : shown;
  if (isObject(shown)) tallyBeside(draft, shown, 'url');
  for (const name of Object.keys(part)) {
    if (name === 'image_url' || name === 'result') draft.tally.key(name);
    else draft.tally.field(name, part[name], false);
  }
  let isCounted = false;
  if (typeof link === 'string') {
    isCounted = true;
    const base64 = dataUrlBase64(link);
    if (base64 !== undefined) countImage(draft, model, base64);
    else {
      draft.tally.text(link);
      countUnseen(draft, model, 'imageUrl');
    }
  } else if (link !== undefined && link !== null) draft.tally.value(link, true);
  if (typeof part['file_id'] === 'string') {
    isCounted = true;
    countUnseen(draft, model, 'imageFile');
  }
  if (typeof part['result'] === 'string') {
    isCounted = true;
    countImage(draft, model, part['result']);
  }
  if (!isCounted && part['type'] !== 'image_generation_call') countUnseen(draft, model, 'imageUrl');
}

function countImage(draft: BoundDraft, model: string, base64: string): void {
  const count = openAIImageTokens(model, base64);
  if (count === undefined) draft.fill(MEDIA_FEATURES.imageData);
  else draft.fixedTokens += count;
}

function countUnseen(draft: BoundDraft, model: string, how: 'imageUrl' | 'imageFile'): void {
  const most = tileTokensMax(model);
  if (most === undefined) draft.fill(MEDIA_FEATURES[how]);
  else draft.fixedTokens += most;
}

/**
 * Tokens of one image. Tile models take at most a base and eight tiles after fitting into 2048 x
 * 768. Every other model counts patches of 32 px; the largest published multiplier is 2.46, and
 * limits on patches differ between models, so none is assumed. `undefined`: the header cannot be
 * read. Source: images and vision guide of developers.openai.com.
 */
export function openAIImageTokens(model: string, base64: string): number | undefined {
  const most = tileTokensMax(model);
  if (most !== undefined) return most;
  const size = imageSize(base64);
  if (size === undefined) return undefined;
  const count = Math.ceil(patches(size, PATCH_PIXELS) * PATCH_FACTOR_MAX);
  return Math.max(count, TILE_TOKENS_MAX);
}

const PATCH_PIXELS = 32;
const PATCH_FACTOR_MAX = 2.46;

/** 85 + 8 x 170. */
const TILE_TOKENS_MAX = 1445;

/** 2833 + 8 x 5667. */
const TILE_TOKENS_MAX_4O_MINI = 48_169;

const TILE_4O_MINI = /^gpt-4o-mini(?:-\d{4}-\d{2}-\d{2})?$/;
const TILE =
  /^(?:gpt-4o|chatgpt-4o-latest|gpt-4\.1|gpt-4-turbo|gpt-5|gpt-5\.1|o1|o3)(?:-\d{4}-\d{2}-\d{2})?$/;

function tileTokensMax(model: string): number | undefined {
  if (TILE_4O_MINI.test(model)) return TILE_TOKENS_MAX_4O_MINI;
  return TILE.test(model) ? TILE_TOKENS_MAX : undefined;
}

/** A file inside a chat part (`file`) or beside the type (`input_file`). */
function tallyFile(draft: BoundDraft, part: JsonObject): void {
  const file = isObject(part['file']) ? part['file'] : part;
  draft.tally.frame();
  for (const name of Object.keys(file)) {
    if (name === 'file_data' || name === 'file') draft.tally.key(name);
    else draft.tally.field(name, file[name], false);
  }
  if (typeof file['file_data'] === 'string') draft.fill(MEDIA_FEATURES.fileData);
  if (typeof file['file_id'] === 'string') draft.fill(MEDIA_FEATURES.fileId);
  if (typeof file['file_url'] === 'string') draft.fill(MEDIA_FEATURES.fileUrl);
}

/** Measures tool definitions as JSON, and the hosted tools by their rules. */
export function tallyTools(terms: ContentTerms, tools: unknown): void {
  const { draft } = terms;
  if (!Array.isArray(tools)) {
    draft.tally.value(tools, true);
    return;
  }
  if (tools.length > 0) draft.fixedTokens += TOOLS_OVERHEAD_TOKENS;
  for (const tool of tools as unknown[]) {
    const before = draft.tally.size;
    draft.tally.value(tool, true);
    if (!isObject(tool)) continue;
    if (isStrict(tool)) draft.tally.size += draft.tally.size - before;
    const { type } = tool;
    const isLocal = type === 'shell' && isLocalShell(tool['environment']);
    if (CLIENT_TOOLS.has(type) || isLocal) {
      const isBuiltIn = type === 'local_shell' || type === 'apply_patch' || isLocal;
      if (isBuiltIn) draft.fixedTokens += BUILT_IN_TOOL_TOKENS;
      continue;
    }
    const hosted = HOSTED_TOOLS.get(type);
    if (hosted === undefined) draft.use(unknownFeature('tool', type));
    else useHostedTool(terms, hosted);
  }
}

/** Structured arguments make the schema a grammar too, so it counts twice. */
function isStrict(tool: JsonObject): boolean {
  const inner = tool['function'];
  return tool['strict'] === true || (isObject(inner) && inner['strict'] === true);
}

function isLocalShell(environment: unknown): boolean {
  return isObject(environment) && environment['type'] === 'local';
}

/**
 * `max_tool_calls` counts over all hosted tools of a response, and calls beyond it are ignored, so
 * there is one sampling more than calls. The response's output ceiling holds over all of them.
 */
function useHostedTool({ draft, toolCallsMax }: ContentTerms, { feature, isCounted }: HostedTool) {
  const isAllowed = draft.allowed(feature.name) !== undefined;
  if (isAllowed || !isCounted || toolCallsMax === undefined) {
    draft.use(feature, toolCallsMax);
    return;
  }
  draft.loop({ feature, uses: toolCallsMax, samplingsMin: 1, isOutputPerSampling: false });
  if (feature.fee !== undefined) draft.addFee(feature.fee, toolCallsMax);
}
