import { imageSize, patches } from '../../estimate/media.ts';
import { TOOLS_OVERHEAD_TOKENS } from '../../estimate/body-tokens.ts';
import { isCount } from '../../units/count.ts';
import { unknownFeature, type BoundDraft, type Feature } from '../bound-draft.ts';
import type { JsonObject } from '../provider.ts';
import { isObject } from '../read-json.ts';
import {
  BLOCKS,
  CLIENT_TOOL_TOKENS,
  CLIENT_TOOLSETS,
  MEDIA_FEATURES,
  SERVER_SAMPLINGS_MAX,
  SERVER_TOOLS,
  type BlockRule,
  type ServerTool,
} from './features.ts';

/** What is counted while content is read. */
export interface ContentTerms {
  readonly draft: BoundDraft;
  readonly model: string;
}

/**
 * Measures message content: text, or blocks of blocks to any depth, without recursion. Base64 is
 * left out only where the provider decodes it as an image or a document, and counted there by
 * formula.
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
    else if (isObject(item)) tallyBlock(terms, item, pending);
    else tally.value(item, false);
  }
}

function tallyBlock(terms: ContentTerms, block: JsonObject, pending: unknown[]): void {
  const { draft } = terms;
  const { type } = block;
  const rule = BLOCKS.get(type) ?? unknownFeature('content block', type);
  if (typeof rule === 'object') {
    draft.use(rule);
    draft.tally.value(block, true);
    return;
  }
  if (rule === 'json') {
    draft.tally.value(block, true);
    return;
  }
  for (const name of Object.keys(block)) {
    tallyBlockField({ terms, rule, name, value: block[name], pending });
  }
}

interface BlockField {
  readonly terms: ContentTerms;
  readonly rule: Exclude<BlockRule, Feature | 'json'>;
  readonly name: string;
  readonly value: unknown;
  readonly pending: unknown[];
}

function tallyBlockField({ terms, rule, name, value, pending }: BlockField): void {
  const { draft } = terms;
  const own = NESTED_FIELDS.get(name)?.includes(rule) ?? false;
  if (!own) {
    draft.tally.field(name, value, false);
    return;
  }
  draft.tally.key(name);
  if (rule === 'nested') pending.push(value);
  else if (rule === 'fetched') tallyFetched(terms, value, pending);
  else if (rule === 'image') tallyImage(terms, value);
  else if (rule === 'document') tallyDocument(terms, value, pending);
  else if (name === 'tool') tallyToolChange(draft, value);
  else pending.push(value);
}

/** Which field of which blocks is more than its own text. */
const NESTED_FIELDS: ReadonlyMap<string, readonly BlockRule[]> = new Map<
  string,
  readonly BlockRule[]
>([
  ['content', ['nested', 'fetched']],
  ['source', ['image', 'document']],
  ['tool', ['tool_change']],
  ['tool_changes', ['tool_change']],
]);

/** A fetched page in the history: a document block inside, which may be of any kind of source. */
function tallyFetched(terms: ContentTerms, result: unknown, pending: unknown[]): void {
  if (!isObject(result)) {
    terms.draft.tally.value(result, false);
    return;
  }
  for (const name of Object.keys(result)) {
    const value = result[name];
    if (name === 'content') pending.push(value);
    else terms.draft.tally.field(name, value, false);
  }
}

function tallyImage({ draft, model }: ContentTerms, source: unknown): void {
  const most = imageTokensMax(model);
  const type = isObject(source) ? source['type'] : undefined;
  if (type === 'url' || type === 'file') {
    draft.tally.value(source, false);
    draft.fixedTokens += most;
  } else if (isObject(source) && type === 'base64' && typeof source['data'] === 'string') {
    tallyBeside(draft, source, 'data');
    draft.fixedTokens += claudeImageTokens(model, source['data']);
  } else draft.use(unknownFeature('image source', type));
}

function tallyDocument({ draft }: ContentTerms, source: unknown, pending: unknown[]): void {
  const type = isObject(source) ? source['type'] : undefined;
  if (!isObject(source)) draft.use(unknownFeature('document source', type));
  else if (type === 'text') draft.tally.value(source, false);
  else if (type === 'content') {
    tallyBeside(draft, source, 'content');
    pending.push(source['content']);
  } else if (type === 'base64') {
    tallyBeside(draft, source, 'data');
    draft.fill(MEDIA_FEATURES.pdf);
  } else if (type === 'url' || type === 'file') {
    draft.tally.value(source, false);
    draft.fill(MEDIA_FEATURES[type]);
  } else draft.use(unknownFeature('document source', type));
}

/** Everything but the field that is measured by a rule of its own. */
function tallyBeside({ tally }: BoundDraft, given: JsonObject, left: string): void {
  for (const name of Object.keys(given)) {
    if (name === left) tally.key(name);
    else tally.field(name, given[name], false);
  }
}

/**
 * Tokens of one image: `ceil(w/28) * ceil(h/28)` of its pixels, at most what remains after the
 * provider's own downscaling: 4,784 from Claude 4.7 on (2,576 px long edge), 1,568 before (1,568
 * px). Source: vision page of platform.claude.com. A header that cannot be read counts as the most.
 */
export function claudeImageTokens(model: string, base64: string): number {
  const most = imageTokensMax(model);
  const size = imageSize(base64);
  return size === undefined ? most : Math.min(most, patches(size, CLAUDE_PATCH_PIXELS));
}

const CLAUDE_PATCH_PIXELS = 28;
const IMAGE_TOKENS_MAX = 4784;
const OLDER_IMAGE_TOKENS_MAX = 1568;

/** Claude 2 and 3 and 4.0 to 4.6; whatever is not surely older gets the larger maximum. */
const OLDER_MODEL = /^claude-(?:2|3|(?:opus|sonnet|haiku)-4-(?:[0156]|\d{8}))(?:[.-]|$)/;

function imageTokensMax(model: string): number {
  return OLDER_MODEL.test(model) ? OLDER_IMAGE_TOKENS_MAX : IMAGE_TOKENS_MAX;
}

/** Measures tool definitions, which the provider puts into the prompt as JSON. */
export function tallyTools(draft: BoundDraft, tools: unknown): void {
  if (!Array.isArray(tools)) {
    draft.tally.value(tools, true);
    return;
  }
  if (tools.length > 0) draft.fixedTokens += TOOLS_OVERHEAD_TOKENS;
  for (const tool of tools as unknown[]) tallyTool(draft, tool);
}

/** How often the model may sample for one request with these tools. */
export function samplingsOf(tools: readonly unknown[]): number {
  let uses = 0;
  let isLooped = false;
  for (const tool of tools) {
    if (!isObject(tool) || SERVER_TOOLS.get(tool['type'])?.isCounted !== true) continue;
    const most = tool['max_uses'];
    isLooped = true;
    uses += isCount(most) ? most : 0;
  }
  return isLooped ? Math.max(uses + 1, SERVER_SAMPLINGS_MAX) : 1;
}

function tallyTool(draft: BoundDraft, tool: unknown): void {
  const before = draft.tally.size;
  draft.tally.value(tool, true);
  if (!isObject(tool)) return;
  const { type } = tool;
  if (type === undefined || type === null || type === 'custom') {
    if (tool['strict'] === true) draft.tally.size += draft.tally.size - before;
    return;
  }
  const builtIn = CLIENT_TOOL_TOKENS.get(type);
  const toolset = CLIENT_TOOLSETS.get(type);
  const server = SERVER_TOOLS.get(type);
  if (builtIn !== undefined) draft.fixedTokens += builtIn;
  else if (toolset !== undefined) draft.fill(toolset);
  else if (server !== undefined) useServerTool(draft, server, tool);
  else draft.use(unknownFeature('tool', type));
}

function useServerTool(draft: BoundDraft, server: ServerTool, tool: JsonObject): void {
  const { feature, isCounted, isCallable } = server;
  const most = tool['max_uses'];
  const uses = isCounted && isCount(most) ? most : undefined;
  if (draft.allowed(feature.name) !== undefined || uses === undefined) {
    draft.use(feature, uses);
  } else if (isCallable && !isDirectOnly(tool['allowed_callers'])) {
    draft.refuse(feature, CALLED_FROM_CODE);
  } else {
    const samplingsMin = SERVER_SAMPLINGS_MAX;
    draft.loop({ feature, uses, samplingsMin, isOutputPerSampling: true });
    if (feature.fee !== undefined) draft.addFee(feature.fee, uses);
  }
}

const CALLED_FROM_CODE =
  'code may call it, which samples without a maximum; set `allowed_callers: ["direct"]`';

function isDirectOnly(callers: unknown): boolean {
  return Array.isArray(callers) && callers.length === 1 && callers[0] === 'direct';
}

/** A tool that joins in mid-conversation: a definition is a tool like any other. */
function tallyToolChange(draft: BoundDraft, tool: unknown): void {
  const type = isObject(tool) ? tool['type'] : undefined;
  if (type === 'tool_definition' && isObject(tool)) {
    tallyBeside(draft, tool, 'definition');
    tallyTools(draft, [tool['definition']]);
  } else if (type === 'tool_reference') draft.tally.value(tool, true);
  else draft.use(unknownFeature('tool change', type));
}
