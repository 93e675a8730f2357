import type { Feature } from '../bound-draft.ts';
import type { FeeKind, TokenClass } from '../../meter/usage.ts';

/**
 * What each top-level field of a request can cost, by route, as read in `openai` 6.49 and 7.57. A
 * field that is not listed is refused.
 *
 * `plain`: costs at most its bytes. `json`: in the prompt as JSON. `schema`: the same, twice. The
 * rest are read by rules of their own.
 */
export type FieldRule =
  | 'plain'
  | 'json'
  | 'schema'
  | 'messages'
  | 'items'
  | 'prompts'
  | 'tools'
  | 'prediction'
  | 'reasoning'
  | 'moderation'
  | 'format'
  | Feature;

const SHARED_PLAIN = [
  'model',
  'n',
  'stream',
  'stream_options',
  'user',
  'temperature',
  'top_p',
  'top_logprobs',
  'metadata',
  'store',
  'service_tier',
  'safety_identifier',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'parallel_tool_calls',
  'tool_choice',
  'verbosity',
] as const;

const BACKGROUND: Feature = {
  name: 'background',
  reason: 'the answer, and so its usage, comes later and by another request',
  adds: 'fee',
};

/** Web search of the chat search models: one call may search, each search has a fee. */
export const CHAT_SEARCH: Feature = {
  name: 'web_search_options',
  reason: 'nothing in the request says how often the model may search, at a fee each',
  adds: 'both',
  isLoop: true,
  fee: 'webSearch',
};

/** A mode of reasoning other than the standard one. */
export const REASONING_MODE: Feature = {
  name: 'reasoning.mode',
  reason: 'no rule says what this mode of reasoning costs',
  adds: 'both',
  isLoop: true,
};

/** A model that judges the answer beside the one that writes it. */
export const MODERATION_MODEL: Feature = {
  name: 'moderation',
  reason: 'no rule says what this moderation model costs',
  adds: 'both',
  isLoop: true,
};

/** Image models do not publish how many tokens an image of any size and quality takes. */
export const IMAGE_TOKENS: Feature = {
  name: 'images.generations',
  reason: 'the tokens of an image of this model do not follow from the request',
  adds: 'output',
  outputClass: 'imageOutput',
};

/** A format whose images are billed otherwise than still pictures. */
export const IMAGE_FORMAT: Feature = {
  name: 'images.output_format',
  reason: 'this format is drawn in several steps, or by a second model',
  adds: 'both',
  isLoop: true,
};

function fields(plain: readonly string[], rest: readonly (readonly [string, FieldRule])[]) {
  const rows = plain.map((name): [string, FieldRule] => [name, 'plain']);
  return new Map<string, FieldRule>([...rows, ...rest.map((row): [string, FieldRule] => [...row])]);
}

function feature(name: string, reason: string, adds: Feature['adds']): [string, Feature] {
  return [name, { name, reason, adds }];
}

const HISTORY = 'the history is kept by the server';

/** What each top-level field of a chat request costs; one that is not here is refused. */
export const CHAT_FIELDS = fields(
  [
    ...SHARED_PLAIN,
    'max_tokens',
    'max_completion_tokens',
    'frequency_penalty',
    'presence_penalty',
    'logit_bias',
    'logprobs',
    'modalities',
    'audio',
    'reasoning_effort',
    'seed',
    'stop',
    'function_call',
  ],
  [
    ['messages', 'messages'],
    ['tools', 'tools'],
    ['functions', 'json'],
    ['response_format', 'schema'],
    ['prediction', 'prediction'],
    ['moderation', 'moderation'],
    ['web_search_options', CHAT_SEARCH],
  ],
);

/** The same for the Responses API. */
export const RESPONSES_FIELDS = fields(
  [
    ...SHARED_PLAIN,
    'max_output_tokens',
    'max_tool_calls',
    'instructions',
    'include',
    'truncation',
    'image',
    'access_programs',
  ],
  [
    ['input', 'items'],
    ['tools', 'tools'],
    ['text', 'schema'],
    ['reasoning', 'reasoning'],
    ['moderation', 'moderation'],
    ['background', BACKGROUND],
    feature('previous_response_id', HISTORY, 'input'),
    feature('conversation', HISTORY, 'input'),
    feature('prompt', 'the prompt is kept by the server', 'both'),
    [
      'context_management',
      {
        name: 'context_management',
        reason: 'compaction samples once more',
        adds: 'both',
        isLoop: true,
      },
    ],
  ],
);

/** The same for legacy completions. */
export const COMPLETIONS_FIELDS = fields(
  [
    ...SHARED_PLAIN,
    'max_tokens',
    'best_of',
    'echo',
    'frequency_penalty',
    'presence_penalty',
    'logit_bias',
    'logprobs',
    'seed',
    'stop',
    'suffix',
  ],
  [['prompt', 'prompts']],
);

/** The same for embeddings. */
export const EMBEDDINGS_FIELDS = fields(
  ['model', 'dimensions', 'encoding_format', 'user'],
  [['input', 'prompts']],
);

/** The same for image generation. */
export const IMAGES_FIELDS = fields(
  [
    'model',
    'n',
    'stream',
    'user',
    'prompt',
    'background',
    'moderation',
    'output_compression',
    'partial_images',
    'quality',
    'response_format',
    'safety_identifier',
    'size',
    'style',
    'complexity',
  ],
  [
    ['output_format', 'format'],
    ['svg', IMAGE_FORMAT],
    ['frame_count', IMAGE_FORMAT],
    ['frame_duration_ms', IMAGE_FORMAT],
  ],
);

/** Message content parts and Responses input items. `nested`: some field holds parts again. */
export type PartRule =
  | 'plain'
  | 'json'
  | 'nested'
  | 'image'
  | 'file'
  | 'audio'
  | 'tools'
  | 'reference'
  | Feature;

/** What each type of content part costs; a type that is not here is refused. */
export const PARTS: ReadonlyMap<unknown, PartRule> = new Map<unknown, PartRule>([
  ['text', 'plain'],
  ['refusal', 'plain'],
  ['input_text', 'plain'],
  ['output_text', 'plain'],
  ['summary_text', 'plain'],
  ['reasoning_text', 'plain'],
  ['image_url', 'image'],
  ['input_image', 'image'],
  ['computer_screenshot', 'image'],
  ['image_generation_call', 'image'],
  ['input_audio', 'audio'],
  ['file', 'file'],
  ['input_file', 'file'],
  ['message', 'nested'],
  ['function_call_output', 'nested'],
  ['custom_tool_call_output', 'nested'],
  ['computer_call_output', 'nested'],
  ['shell_call_output', 'nested'],
  ['reasoning', 'nested'],
  ['stdout', 'plain'],
  ['function_call', 'json'],
  ['custom_tool_call', 'json'],
  ['computer_call', 'json'],
  ['file_search_call', 'json'],
  ['web_search_call', 'json'],
  ['tool_search_call', 'json'],
  ['code_interpreter_call', 'json'],
  ['local_shell_call', 'json'],
  ['local_shell_call_output', 'json'],
  ['shell_call', 'json'],
  ['apply_patch_call', 'json'],
  ['apply_patch_call_output', 'json'],
  ['mcp_list_tools', 'json'],
  ['mcp_approval_request', 'json'],
  ['mcp_approval_response', 'json'],
  ['mcp_call', 'json'],
  ['program', 'json'],
  ['program_output', 'json'],
  ['compaction', 'json'],
  ['configuration_update', 'json'],
  ['additional_tools', 'tools'],
  ['tool_search_output', 'tools'],
  ['item_reference', 'reference'],
  [
    'compaction_trigger',
    {
      name: 'compaction_trigger',
      reason: 'compaction samples once more',
      adds: 'both',
      isLoop: true,
    },
  ],
]);

/** Media whose size the request does not show. */
export const MEDIA_FEATURES = {
  imageUrl: {
    name: 'image_url',
    reason: 'the image behind the URL has no known size for this model',
    adds: 'input',
  },
  imageFile: {
    name: 'image.file_id',
    reason: 'the stored image has no known size for this model',
    adds: 'input',
  },
  imageData: {
    name: 'image.data',
    reason: 'the header of the image cannot be read',
    adds: 'input',
  },
  fileData: {
    name: 'file_data',
    reason: 'the tokens of a file do not follow from its bytes',
    adds: 'input',
  },
  fileUrl: { name: 'file_url', reason: 'the file behind the URL has no known size', adds: 'input' },
  fileId: { name: 'file_id', reason: 'the stored file has no known size', adds: 'input' },
  audio: {
    name: 'input_audio',
    reason: 'the tokens of audio do not follow from its bytes',
    adds: 'input',
  },
  audioId: {
    name: 'message.audio',
    reason: 'the audio of an earlier answer is kept by the server',
    adds: 'input',
  },
} as const satisfies Readonly<Record<string, Feature>>;

/** Tools that the model only names and the caller runs: they cost their definition. */
export const CLIENT_TOOLS: ReadonlySet<unknown> = new Set([
  'function',
  'custom',
  'namespace',
  'local_shell',
  'apply_patch',
]);

/**
 * Prompt text that a built-in client tool brings along, in tokens (larger than any quoted figure).
 */
export const BUILT_IN_TOOL_TOKENS = 1500;

/** What the provider runs by itself, and whether `max_tool_calls` bounds it. */
export interface HostedTool {
  readonly feature: Feature;
  readonly isCounted: boolean;
}

function hosted(
  types: readonly string[],
  options: {
    readonly reason: string;
    readonly fee?: FeeKind;
    readonly outputClass?: TokenClass;
    readonly isCounted?: boolean;
  },
): [unknown, HostedTool][] {
  const { reason, fee, outputClass, isCounted = false } = options;
  const [name = ''] = types;
  const tool: Feature = {
    name,
    reason,
    adds: 'both',
    isLoop: true,
    ...(fee === undefined ? {} : { fee }),
    ...(outputClass === undefined ? {} : { outputClass }),
  };
  return types.map((type) => [type, { feature: tool, isCounted }]);
}

const OFTEN =
  'the model samples again after each use, and a response may use it any number of times';

/** Tools that the provider runs by itself, by type. */
export const HOSTED_TOOLS: ReadonlyMap<unknown, HostedTool> = new Map<unknown, HostedTool>([
  ...hosted(
    ['web_search', 'web_search_2025_08_26', 'web_search_preview', 'web_search_preview_2025_03_11'],
    {
      reason: 'without `max_tool_calls` it may search any number of times, at a fee each',
      fee: 'webSearch',
      isCounted: true,
    },
  ),
  ...hosted(['file_search'], { reason: OFTEN, fee: 'fileSearch' }),
  ...hosted(['code_interpreter'], { reason: OFTEN, fee: 'codeSession' }),
  ...hosted(['image_generation'], {
    reason: 'the tokens of a generated image do not follow from the request',
    outputClass: 'imageOutput',
  }),
  ...hosted(['mcp'], { reason: 'remote tools answer with text of any length' }),
  ...hosted(['computer', 'computer_use_preview'], { reason: OFTEN }),
  ...hosted(['tool_search'], { reason: OFTEN }),
  ...hosted(['programmatic_tool_calling'], { reason: OFTEN, fee: 'codeSession' }),
  ...hosted(['shell'], { reason: OFTEN, fee: 'codeSession' }),
]);
