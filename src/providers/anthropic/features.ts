import type { Feature } from '../bound-draft.ts';
import type { FeeKind } from '../../meter/usage.ts';

/**
 * What each top-level field of a Messages request can cost, as read in `@anthropic-ai/sdk` 1.12
 * (`MessageCreateParamsBase`, GA and beta). A field that is not listed is refused.
 *
 * `plain`: costs at most its bytes. `schema`: in the prompt as JSON, once for the model and once
 * for the output grammar. The rest are read by rules of their own.
 */
export type FieldRule =
  | 'plain'
  | 'schema'
  | 'system'
  | 'messages'
  | 'tools'
  | 'cache'
  | 'context'
  | 'thread'
  | Feature;

const FIELD_FEATURES: readonly Feature[] = [
  {
    name: 'container',
    reason: 'a container keeps files and skills that the request does not show',
    adds: 'both',
    isLoop: true,
    fee: 'codeSession',
  },
  {
    name: 'mcp_servers',
    reason: 'remote tools answer with text of any length, and the model samples again each time',
    adds: 'both',
    isLoop: true,
  },
  {
    name: 'compaction',
    reason: 'summarising is a sampling of its own, billed outside the top-level counts',
    adds: 'both',
    isLoop: true,
  },
  {
    name: 'fallbacks',
    reason: 'another model may answer, at its own price',
    adds: 'both',
    isLoop: true,
  },
];

/** A request that sends only its new turn; what came before is with the provider. */
export const THREAD: Feature = {
  name: 'thread',
  reason: 'it continues a history that the provider keeps and this guard has not seen',
  adds: 'input',
};

/** Refused where its `edits` sample; the edits that only clear input are free. */
export const CONTEXT_MANAGEMENT: Feature = {
  name: 'context_management',
  reason: 'compaction samples once more, billed outside the top-level counts',
  adds: 'both',
  isLoop: true,
};

/** Edits of `context_management` that only take tokens out of the prompt. */
export const CLEARING_EDITS: ReadonlySet<unknown> = new Set([
  'clear_tool_uses_20250919',
  'clear_thinking_20251015',
]);

/** What each top-level field costs; a field that is not here is refused. */
export const FIELDS: ReadonlyMap<string, FieldRule> = new Map<string, FieldRule>([
  ...[
    'model',
    'max_tokens',
    'metadata',
    'stop_sequences',
    'stream',
    'temperature',
    'top_k',
    'top_p',
    'thinking',
    'tool_choice',
    'service_tier',
    'speed',
    'inference_geo',
    'diagnostics',
    'billing_policy',
    'fallback_credit_token',
    'betas',
    'user_profile_id',
    'workspace_id',
  ].map((name): [string, FieldRule] => [name, 'plain']),
  ['output_config', 'schema'],
  ['output_format', 'schema'],
  ['system', 'system'],
  ['messages', 'messages'],
  ['tools', 'tools'],
  ['cache_control', 'cache'],
  ['context_management', 'context'],
  ['thread', 'thread'],
  ...FIELD_FEATURES.map((feature): [string, FieldRule] => [feature.name, feature]),
]);

/**
 * Content block types. `plain`: its strings are the prompt. `json`: the provider serialises it.
 * `nested`: `content` holds blocks or text again.
 */
export type BlockRule =
  | 'plain'
  | 'json'
  | 'nested'
  | 'image'
  | 'document'
  | 'fetched'
  | 'tool_change'
  | Feature;

/** What each type of content block costs; a type that is not here is refused. */
export const BLOCKS: ReadonlyMap<unknown, BlockRule> = new Map<unknown, BlockRule>([
  ['text', 'plain'],
  ['thinking', 'plain'],
  ['redacted_thinking', 'plain'],
  ['compaction', 'tool_change'],
  ['tool_reference', 'plain'],
  ['browser_state', 'json'],
  ['fallback', 'plain'],
  ['image', 'image'],
  ['document', 'document'],
  ['search_result', 'nested'],
  ['tool_result', 'nested'],
  ['mcp_tool_result', 'nested'],
  ['tool_use', 'json'],
  ['server_tool_use', 'json'],
  ['mcp_tool_use', 'json'],
  ['mcp_tool_listing', 'json'],
  ['web_search_tool_result', 'json'],
  ['web_fetch_tool_result', 'fetched'],
  ['code_execution_tool_result', 'json'],
  ['bash_code_execution_tool_result', 'json'],
  ['text_editor_code_execution_tool_result', 'json'],
  ['tool_search_tool_result', 'json'],
  ['advisor_tool_result', 'json'],
  ['tool_addition', 'tool_change'],
  ['tool_removal', 'tool_change'],
  [
    'container_upload',
    {
      name: 'container_upload',
      reason: 'the file is kept by the server, its size is not known',
      adds: 'input',
    },
  ],
]);

/** Media whose size the request does not show. */
export const MEDIA_FEATURES = {
  pdf: {
    name: 'document.base64',
    reason: 'the tokens of a PDF do not follow from its bytes',
    adds: 'input',
  },
  url: {
    name: 'document.url',
    reason: 'the document behind the URL has no known size',
    adds: 'input',
  },
  file: {
    name: 'document.file',
    reason: 'the stored file has no known size',
    adds: 'input',
  },
} as const satisfies Readonly<Record<string, Feature>>;

/**
 * Prompt text that a built-in client tool brings along, in tokens (larger than any quoted figure).
 */
export const CLIENT_TOOL_TOKENS: ReadonlyMap<unknown, number> = new Map<unknown, number>([
  ['bash_20241022', 1500],
  ['bash_20250124', 1500],
  ['text_editor_20241022', 1500],
  ['text_editor_20250124', 1500],
  ['text_editor_20250429', 1500],
  ['text_editor_20250728', 1500],
  ['computer_20241022', 1500],
  ['computer_20250124', 1500],
  ['computer_20251124', 1500],
  ['memory_20250818', 1500],
]);

function toolset(type: string): [string, Feature] {
  const reason = 'the definitions that the provider puts into the prompt for it have no known size';
  return [type, { name: type, reason, adds: 'input' }];
}

/**
 * Families of tools that the caller runs: the SDK's runner answers each member's `tool_use` with a
 * `tool_result` (`BetaRunnableToolset` in `@anthropic-ai/sdk` 1.12). No source says how long the
 * definitions of two or three dozen members are, so a context window stands for them.
 */
export const CLIENT_TOOLSETS: ReadonlyMap<unknown, Feature> = new Map<unknown, Feature>([
  toolset('browser_toolset_20260801'),
  toolset('computer_toolset_20260801'),
]);

/** A tool that the provider runs by itself, sampling the model again after each use. */
export interface ServerTool {
  readonly feature: Feature;
  /** Whether `max_uses` bounds it. */
  readonly isCounted: boolean;
  /** Whether it may also be called from code, which `max_uses` alone does not bound. */
  readonly isCallable: boolean;
}

/**
 * A turn with server tools pauses after ten samplings by default (`pause_turn`, stop reasons page
 * of platform.claude.com); a refused search is a sampling too, so fewer uses do not mean fewer
 * samplings.
 */
export const SERVER_SAMPLINGS_MAX = 10;

function search(type: string, isCallable: boolean): [string, ServerTool] {
  return [type, { feature: WEB_SEARCH, isCounted: true, isCallable }];
}

function fetching(type: string, isCallable: boolean): [string, ServerTool] {
  return [type, { feature: WEB_FETCH, isCounted: true, isCallable }];
}

function uncounted(name: string, reason: string, types: readonly string[], fee?: FeeKind) {
  const base: Feature = { name, reason, adds: 'both', isLoop: true };
  const feature: Feature = fee === undefined ? base : { ...base, fee };
  const tool: ServerTool = { feature, isCounted: false, isCallable: false };
  return types.map((type): [string, ServerTool] => [type, tool]);
}

const WEB_SEARCH: Feature = {
  name: 'web_search',
  reason: 'without `max_uses` it may search any number of times, with a fee and a sampling each',
  adds: 'both',
  isLoop: true,
  fee: 'webSearch',
};

const WEB_FETCH: Feature = {
  name: 'web_fetch',
  reason: 'without `max_uses` it may fetch any number of times, with a sampling each',
  adds: 'both',
  isLoop: true,
};

/** Tools that the provider runs by itself, by type. */
export const SERVER_TOOLS: ReadonlyMap<unknown, ServerTool> = new Map<unknown, ServerTool>([
  search('web_search_20250305', false),
  search('web_search_20260209', true),
  search('web_search_20260318', true),
  fetching('web_fetch_20250910', false),
  fetching('web_fetch_20260209', true),
  fetching('web_fetch_20260309', true),
  fetching('web_fetch_20260318', true),
  ...uncounted(
    'code_execution',
    'it may run any number of times, with a session fee and a sampling each',
    [
      'code_execution_20250522',
      'code_execution_20250825',
      'code_execution_20260120',
      'code_execution_20260521',
    ],
    'codeSession',
  ),
  ...uncounted('advisor', 'a second model answers, at its own price', ['advisor_20260301']),
  ...uncounted('tool_search', 'the model samples again after each search', [
    'tool_search_tool_bm25_20251119',
    'tool_search_tool_bm25',
    'tool_search_tool_regex_20251119',
    'tool_search_tool_regex',
  ]),
  ...uncounted('mcp_toolset', 'remote tools answer with text of any length', ['mcp_toolset']),
]);
