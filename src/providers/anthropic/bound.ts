import { REQUEST_OVERHEAD_TOKENS } from '../../estimate/body-tokens.ts';
import type { TextSizer } from '../../estimate/text-bytes.ts';
import type { ModelLimits, Unbounded, UsageBound } from '../../estimate/usage-bound.ts';
import type { ServiceTier, TokenClass } from '../../meter/usage.ts';
import { BoundDraft, outputCeiling, unknownFeature } from '../bound-draft.ts';
import type { Assumptions, RequestFacts } from '../provider.ts';
import { isObject, tokensOf } from '../read-json.ts';
import { samplingsOf, tallyContent, tallyTools } from './content.ts';
import { CLEARING_EDITS, CONTEXT_MANAGEMENT, FIELDS, THREAD, type FieldRule } from './features.ts';

/**
 * The most that a Messages request can be billed. Thinking is inside `max_tokens`; with server
 * tools each of their samplings may read a whole context window and spend a whole `max_tokens`.
 */
export function boundAnthropic(
  facts: RequestFacts,
  limits: ModelLimits,
  assumptions: Assumptions,
  sizer?: TextSizer,
): UsageBound | Unbounded {
  const { body, model } = facts;
  const draft = new BoundDraft(limits, assumptions, sizer);
  draft.fixedTokens = REQUEST_OVERHEAD_TOKENS;
  for (const name of Object.keys(body)) {
    draft.tally.key(name);
    const rule = FIELDS.get(name);
    const value = body[name];
    if (value === null) continue;
    if (rule === 'thread') tallyThread(draft, { model, thread: value, assumptions });
    else if (rule !== undefined) tallyField({ draft, model, rule, value });
    else draft.use(unknownFeature('field', name));
  }
  return draft.finish({
    outputTokens: outputCeiling(draft, 'max_tokens', tokensOf(body, 'max_tokens')),
    inputClasses: inputClasses(draft.tally.cacheWrite),
    outputClasses: OUTPUT_CLASSES,
    serviceTiers: tiersOf(draft, body['service_tier'], assumptions),
    mayBeFast: mayBeFast(draft, body['speed']),
    geos: geosOf(body['inference_geo'], assumptions),
  });
}

interface Field {
  readonly draft: BoundDraft;
  readonly model: string;
  readonly rule: Exclude<FieldRule, 'thread'>;
  readonly value: unknown;
}

function tallyField({ draft, model, rule, value }: Field): void {
  if (typeof rule === 'object') {
    draft.tally.value(value, true);
    if (!isEmptyList(value)) draft.use(rule);
    return;
  }
  switch (rule) {
    case 'plain':
      draft.tally.value(value, false);
      return;
    case 'schema': {
      const before = draft.tally.size;
      draft.tally.value(value, true);
      draft.tally.size += draft.tally.size - before;
      return;
    }
    case 'system':
      tallyContent({ draft, model }, value);
      return;
    case 'messages':
      tallyMessages(draft, model, value);
      return;
    case 'tools':
      tallyTools(draft, value);
      return;
    case 'cache':
      draft.tally.cacheControl(value);
      return;
    case 'context':
      tallyContext(draft, value);
      return;
    default:
      rule satisfies never;
  }
}

/**
 * Output ceilings that one request can spend: one, or one for each sampling of its server tools.
 */
export function choicesAnthropic({ body }: RequestFacts): number {
  return Array.isArray(body['tools']) ? samplingsOf(body['tools']) : 1;
}

/**
 * A request with `thread` leaves its history with the provider (`BetaMessageThreadParam`, SDK
 * 1.12). One that also edits its context was billed for less than the history that is kept, which a
 * later request without the edits may be billed for whole, so its answer says nothing of the size.
 */
export function keepsThread({ body }: RequestFacts): boolean {
  return isObject(body['thread']) && CONTEXT_EDITS.every((name) => (body[name] ?? null) === null);
}

/** Fields that make the prompt shorter than the history. */
const CONTEXT_EDITS = ['context_management', 'compaction'] as const;

interface ThreadField {
  readonly model: string;
  readonly thread: unknown;
  readonly assumptions: Assumptions;
}

/**
 * `create` sends the whole conversation. `continue` sends the new turn only: what came before is
 * bounded by what the answer it continues from was billed, in and out, and may be written to the
 * cache again; unknown, it is refused.
 */
function tallyThread(draft: BoundDraft, { model, thread, assumptions }: ThreadField): void {
  draft.tally.value(thread, false);
  if (isObject(thread) && thread['type'] === 'create') return;
  const id = isObject(thread) ? thread['previous_message_id'] : undefined;
  const known = typeof id === 'string' ? assumptions.historyTokens?.(id, model) : undefined;
  draft.tally.cacheWrite = '1h';
  if (known === undefined) draft.use(THREAD);
  else draft.fixedTokens += known;
}

/** `mcp_servers: []` and its like ask for nothing. */
function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function tallyMessages(draft: BoundDraft, model: string, messages: unknown): void {
  const { tally } = draft;
  if (!Array.isArray(messages)) {
    tally.value(messages, true);
    return;
  }
  for (const message of messages as unknown[]) {
    tally.frame();
    if (!isObject(message)) {
      tally.value(message, false);
      continue;
    }
    for (const name of Object.keys(message)) {
      if (name === 'content') {
        tally.key(name);
        tallyContent({ draft, model }, message[name]);
      } else tally.field(name, message[name], false);
    }
    if (tally.fault !== undefined) return;
  }
}

function tallyContext(draft: BoundDraft, context: unknown): void {
  draft.tally.value(context, true);
  const edits = isObject(context) ? (context['edits'] ?? []) : undefined;
  const isClearing =
    Array.isArray(edits) &&
    (edits as unknown[]).every((edit) => isObject(edit) && CLEARING_EDITS.has(edit['type']));
  if (!isClearing) draft.use(CONTEXT_MANAGEMENT);
}

const OUTPUT_CLASSES: readonly TokenClass[] = ['output'];
const INPUT: readonly TokenClass[] = ['input'];
const INPUT_OR_5M: readonly TokenClass[] = ['input', 'cacheWrite5m'];
const INPUT_OR_1H: readonly TokenClass[] = ['input', 'cacheWrite5m', 'cacheWrite1h'];

/** Cache reads are never dearer than input, so they need no place in the bound. */
function inputClasses(cacheWrite: '5m' | '1h' | undefined): readonly TokenClass[] {
  if (cacheWrite === undefined) return INPUT;
  return cacheWrite === '1h' ? INPUT_OR_1H : INPUT_OR_5M;
}

const STANDARD: readonly ServiceTier[] = ['standard'];
const STANDARD_OR_PRIORITY: readonly ServiceTier[] = ['standard', 'priority'];

/** `auto`, the default, uses priority capacity where the account has any. */
function tiersOf(draft: BoundDraft, tier: unknown, { serviceTier }: Assumptions) {
  if (tier === 'standard_only') return STANDARD;
  if (tier !== undefined && tier !== null && tier !== 'auto') {
    draft.refuseAlways('service_tier', 'no rule says what this tier costs');
  }
  return serviceTier === 'standard' ? STANDARD : STANDARD_OR_PRIORITY;
}

function mayBeFast(draft: BoundDraft, speed: unknown): boolean {
  if (speed === undefined || speed === null || speed === 'standard') return false;
  if (speed !== 'fast') draft.refuseAlways('speed', 'no rule says what this speed costs');
  return true;
}

/** Regions that may carry an uplift when the workspace's default geography is not known. */
const ANY_GEO = ['us', 'eu', 'any'];
const NO_GEO: readonly string[] = [];

function geosOf(asked: unknown, { geo }: Assumptions): readonly string[] {
  if (typeof asked === 'string') return [asked];
  if (geo === 'global') return NO_GEO;
  return geo === 'any' ? ANY_GEO : [geo];
}
