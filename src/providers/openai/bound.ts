import { REQUEST_OVERHEAD_TOKENS } from '../../estimate/body-tokens.ts';
import type { TextSizer } from '../../estimate/text-bytes.ts';
import type { ModelLimits, Unbounded, UsageBound } from '../../estimate/usage-bound.ts';
import type { ServiceTier, TokenClass } from '../../meter/usage.ts';
import { isCount, timesTokens, type Tokens } from '../../units/count.ts';
import { BoundDraft, outputCeiling, unknownFeature, type BoundRest } from '../bound-draft.ts';
import type { Assumptions, JsonObject, RequestFacts } from '../provider.ts';
import { isObject, tokensOf } from '../read-json.ts';
import { tallyContent, tallyMessages, tallyTools, type ContentTerms } from './content.ts';
import {
  CHAT_FIELDS,
  CHAT_SEARCH,
  COMPLETIONS_FIELDS,
  EMBEDDINGS_FIELDS,
  MODERATION_MODEL,
  REASONING_MODE,
  RESPONSES_FIELDS,
  type FieldRule,
} from './features.ts';
import { tallyPrompts } from './parts/prompts.ts';

/** What a bound is made of. */
export interface BoundTerms {
  readonly facts: RequestFacts;
  readonly limits: ModelLimits;
  readonly assumptions: Assumptions;
  readonly sizer: TextSizer | undefined;
}

/**
 * Chat: `max_completion_tokens` (reasoning included) or the larger of it and `max_tokens`, times
 * `n`. A prediction's rejected tokens "are still counted in the total completion tokens for
 * purposes of billing" (`CompletionUsage` of the SDK); the ceiling need not hold for them, so they
 * come on top.
 */
export function boundChat(terms: BoundTerms): UsageBound | Unbounded {
  const { facts } = terms;
  const { body, model } = facts;
  const { draft, content } = openDraft(terms, CHAT_FIELDS);
  if (SEARCH_MODEL.test(model) && !isObject(body['web_search_options'])) draft.use(CHAT_SEARCH, 1);
  const newer = tokensOf(body, 'max_completion_tokens');
  const older = tokensOf(body, 'max_tokens');
  const onWire = newer !== undefined && older !== undefined && older > newer ? older : newer;
  const ceiling = outputCeiling(draft, 'max_completion_tokens', onWire ?? older);
  return draft.finish({
    outputTokens: times(ceiling, countOf(body, 'n')),
    ...classesOf(draft, content, body),
    ...placeOf(terms, draft),
  });
}

/** Chat models that search the web on every request, options or not. */
const SEARCH_MODEL = /search/;

/** Responses: `max_output_tokens`, over all samplings of the response. */
export function boundResponses(terms: BoundTerms): UsageBound | Unbounded {
  const { body } = terms.facts;
  const { draft, content } = openDraft(terms, RESPONSES_FIELDS);
  return draft.finish({
    outputTokens: outputCeiling(draft, 'max_output_tokens', tokensOf(body, 'max_output_tokens')),
    ...classesOf(draft, content, body),
    ...placeOf(terms, draft),
  });
}

/**
 * Legacy completions: `max_tokens` times the larger of `n` and `best_of`, for each prompt. Sources
 * disagree on the default of `max_tokens` (16, or what fits), so an absent one is the model's
 * maximum.
 */
export function boundCompletions(terms: BoundTerms): UsageBound | Unbounded {
  const { body } = terms.facts;
  const { draft, content } = openDraft(terms, COMPLETIONS_FIELDS);
  const choices = Math.max(countOf(body, 'n'), countOf(body, 'best_of')) * content.prompts;
  if (body['echo'] === true) draft.addOutput(Math.ceil(draft.tally.size) * choices);
  const ceiling = outputCeiling(draft, 'max_tokens', tokensOf(body, 'max_tokens'));
  return draft.finish({
    outputTokens: times(ceiling, choices),
    prompts: content.prompts,
    ...classesOf(draft, content, body),
    ...placeOf(terms, draft),
  });
}

/** Embeddings: input only, each text with a window of its own. */
export function boundEmbeddings(terms: BoundTerms): UsageBound | Unbounded {
  const { draft, content } = openDraft(terms, EMBEDDINGS_FIELDS);
  return draft.finish({
    outputTokens: undefined,
    prompts: content.prompts,
    ...classesOf(draft, content, terms.facts.body),
    ...placeOf(terms, draft),
  });
}

/** What is noticed while the fields are read. */
export interface Content extends ContentTerms {
  readonly choices: number;
  prompts: number;
}

/** A draft with every top-level field measured by the route's table. */
export function openDraft(
  { facts, limits, assumptions, sizer }: BoundTerms,
  fields: ReadonlyMap<string, FieldRule>,
): { readonly draft: BoundDraft; readonly content: Content } {
  const { body, model } = facts;
  const draft = new BoundDraft(limits, assumptions, sizer);
  draft.fixedTokens = REQUEST_OVERHEAD_TOKENS;
  const toolCallsMax = tokensOf(body, 'max_tool_calls');
  const choices = countOf(body, 'n');
  const content: Content = { draft, model, toolCallsMax, choices, hasAudio: false, prompts: 1 };
  for (const name of Object.keys(body)) {
    draft.tally.key(name);
    const rule = fields.get(name);
    const value = body[name];
    if (value === null) continue;
    if (rule !== undefined) tallyField(content, rule, { name, value });
    else draft.use(unknownFeature('field', name));
  }
  return { draft, content };
}

interface Field {
  readonly name: string;
  readonly value: unknown;
}

function tallyField(content: Content, rule: FieldRule, { name, value }: Field): void {
  const { draft } = content;
  if (typeof rule === 'object') {
    draft.tally.value(value, true);
    const isAsked = value !== false && !(Array.isArray(value) && value.length === 0);
    if (isAsked) draft.use(rule, rule === CHAT_SEARCH ? 1 : undefined);
    return;
  }
  switch (rule) {
    case 'messages':
      tallyMessages(content, value);
      return;
    case 'items':
      tallyContent(content, value);
      return;
    case 'prompts':
      content.prompts = tallyPrompts(draft.tally, value);
      return;
    case 'tools':
      tallyTools(content, value);
      return;
    case 'plain':
      if (name === 'prompt_cache_options') draft.tally.cacheControl(value);
      draft.tally.value(value, false);
      return;
    case 'json':
      draft.tally.value(value, true);
      return;
    case 'schema':
      doubled(draft, value);
      return;
    case 'prediction': {
      const before = draft.tally.size;
      draft.tally.value(value, false);
      draft.addOutput(Math.ceil(draft.tally.size - before) * content.choices);
      return;
    }
    case 'reasoning':
      draft.tally.value(value, false);
      if (!isPlainMode(value)) draft.use(REASONING_MODE);
      return;
    case 'moderation':
      draft.tally.value(value, false);
      if (!isFreeModeration(value)) draft.use(MODERATION_MODEL);
      return;
    case 'format':
      draft.tally.value(value, false);
      return;
    default:
      rule satisfies never;
  }
}

/** A schema steers the model and the output grammar, so it counts twice. */
function doubled({ tally }: BoundDraft, value: unknown): void {
  const before = tally.size;
  tally.value(value, true);
  tally.size += tally.size - before;
}

function isPlainMode(reasoning: unknown): boolean {
  const mode = isObject(reasoning) ? reasoning['mode'] : undefined;
  return mode === undefined || mode === null || mode === 'standard';
}

/** The moderation models are free of charge. */
function isFreeModeration(moderation: unknown): boolean {
  const model = isObject(moderation) ? moderation['model'] : undefined;
  return typeof model === 'string' && /^(?:omni|text)-moderation-/.test(model);
}

const INPUT: readonly TokenClass[] = ['input', 'cacheWrite5m'];
const INPUT_LONG: readonly TokenClass[] = ['input', 'cacheWrite5m', 'cacheWrite1h'];
const OUTPUT: readonly TokenClass[] = ['output'];
const OUTPUT_AUDIO: readonly TokenClass[] = ['output', 'audioOutput'];

/**
 * Since gpt-5.6 OpenAI writes the prompt cache unasked, so a write is always open; cards of models
 * that do not bill it say so. Cache reads are never dearer than input.
 */
export function classesOf(
  draft: BoundDraft,
  { hasAudio }: ContentTerms,
  body: JsonObject,
): Pick<BoundRest, 'inputClasses' | 'outputClasses'> {
  const input = draft.tally.cacheWrite === '1h' ? INPUT_LONG : INPUT;
  const modalities = body['modalities'];
  const speaks = Array.isArray(modalities) && modalities.includes('audio');
  return {
    inputClasses: hasAudio ? [...input, 'audioInput'] : input,
    outputClasses: speaks || isObject(body['audio']) ? OUTPUT_AUDIO : OUTPUT,
  };
}

const STANDARD: readonly ServiceTier[] = ['standard'];
const STANDARD_OR_FLEX: readonly ServiceTier[] = ['standard', 'flex'];
const STANDARD_OR_PRIORITY: readonly ServiceTier[] = ['standard', 'priority'];

/** Tiers at which a request may be served; the provider may serve a lesser one than was asked. */
const TIERS: ReadonlyMap<unknown, readonly ServiceTier[]> = new Map<
  unknown,
  readonly ServiceTier[]
>([
  ['default', STANDARD],
  ['flex', STANDARD_OR_FLEX],
  ['priority', STANDARD_OR_PRIORITY],
  ['fast', STANDARD_OR_PRIORITY],
  ['scale', STANDARD_OR_PRIORITY],
]);

/** Where and how fast the request may be served. `auto`, the default, is the project's own tier. */
export function placeOf(
  { facts, assumptions }: BoundTerms,
  draft: BoundDraft,
): Pick<BoundRest, 'serviceTiers' | 'mayBeFast' | 'geos'> {
  const tier = facts.body['service_tier'] ?? 'auto';
  const known = TIERS.get(tier);
  if (known === undefined && tier !== 'auto') {
    draft.refuseAlways('service_tier', 'no rule says what this tier costs');
  }
  const own = assumptions.serviceTier === 'standard' ? STANDARD : STANDARD_OR_PRIORITY;
  return { serviceTiers: known ?? own, mayBeFast: false, geos: geosOf(facts) };
}

const NO_GEO: readonly string[] = [];

/**
 * The uplift is charged on regional hosts, and a project that is bound to a region is turned away
 * at any other host (data residency guide of developers.openai.com; `incorrect_hostname` as quoted
 * in BerriAI/litellm pull requests 28622 and 32387). A proxy of one's own says nothing: then it is
 * the user's `assume.openai.geo`.
 */
function geosOf({ geo }: RequestFacts): readonly string[] {
  return geo === undefined ? NO_GEO : [geo];
}

function times(ceiling: Tokens | undefined, choices: number): Tokens | undefined {
  return ceiling === undefined ? undefined : timesTokens(ceiling, choices);
}

function countOf(body: JsonObject, field: string): number {
  const value = body[field];
  return isCount(value) ? value : 1;
}
