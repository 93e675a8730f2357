import type { TextSizer } from '../../estimate/text-bytes.ts';
import type { ModelLimits, Unbounded, UsageBound } from '../../estimate/usage-bound.ts';
import { tokens, type Tokens } from '../../units/count.ts';
import type { Assumptions, JsonObject, RequestFacts, Unreadable } from '../provider.ts';
import {
  badCount,
  isUnreadable,
  parseBody,
  snapshot,
  tokenRule,
  tokensOf,
  unreadable,
  type CountRule,
} from '../read-json.ts';
import { boundChat, boundCompletions, boundEmbeddings, boundResponses } from './bound.ts';
import { boundImages } from './parts/images.ts';

/** The facts of a request off the wire, or the field that cannot be read. */
export function readOpenAIRequest(route: string, wire: string): RequestFacts | Unreadable {
  const body = parseBody(wire);
  return isUnreadable(body) ? body : factsOf(route, body);
}

/** The same of a live object, which is copied first: each of its properties is read once. */
export function readOpenAIBody(route: string, live: JsonObject): RequestFacts | Unreadable {
  const body = snapshot(live);
  return isUnreadable(body) ? body : factsOf(route, body);
}

/** The most choices one request may ask for. */
export const CHOICES_MAX = 128;

const CHOICES: CountRule = { field: 'n', min: 1, max: CHOICES_MAX };

const COUNTS: Readonly<Record<string, readonly CountRule[]>> = {
  'chat.completions': [CHOICES, tokenRule('max_tokens'), tokenRule('max_completion_tokens')],
  responses: [tokenRule('max_output_tokens'), tokenRule('max_tool_calls')],
  completions: [CHOICES, tokenRule('max_tokens'), { field: 'best_of', min: 1, max: CHOICES_MAX }],
  embeddings: [],
  'images.generations': [CHOICES, { field: 'partial_images', min: 0, max: 3 }],
};

function factsOf(route: string, body: JsonObject): RequestFacts | Unreadable {
  const { model, stream } = body;
  if (typeof model !== 'string' || model.trim() === '') return unreadable('model', 'missing');
  if (stream !== undefined && stream !== null && typeof stream !== 'boolean') {
    return unreadable('stream', 'neither true nor false');
  }
  const rules = Object.hasOwn(COUNTS, route) ? COUNTS[route] : undefined;
  const bad = badCount(body, rules ?? []);
  return bad ?? { route, model, isStream: stream === true, body };
}

/** The most that a request can be billed, by the rules of its route. */
export function boundOpenAI(
  facts: RequestFacts,
  limits: ModelLimits,
  assumptions: Assumptions,
  sizer?: TextSizer,
): UsageBound | Unbounded {
  const terms = { facts, limits, assumptions, sizer };
  switch (facts.route) {
    case 'chat.completions':
      return boundChat(terms);
    case 'responses':
      return boundResponses(terms);
    case 'completions':
      return boundCompletions(terms);
    case 'embeddings':
      return boundEmbeddings(terms);
    case 'images.generations':
      return boundImages(terms);
    default:
      return {
        kind: 'unbounded',
        feature: facts.route.slice(0, 120),
        optIn: 'nothing allows it',
        reason: 'the route has no rule',
      };
  }
}

/** The field of the output ceiling; chat takes the newer one unless only the legacy one is set. */
export function outputFieldOpenAI({ route, body }: RequestFacts): string | undefined {
  switch (route) {
    case 'chat.completions':
      return tokensOf(body, 'max_completion_tokens') === undefined &&
        tokensOf(body, 'max_tokens') !== undefined
        ? 'max_tokens'
        : 'max_completion_tokens';
    case 'responses':
      return 'max_output_tokens';
    case 'completions':
      return 'max_tokens';
    default:
      return undefined;
  }
}

/** Output ceilings that one request can spend: its choices, for each of its prompts. */
export function choicesOpenAI({ route, body }: RequestFacts): number {
  const n = countOf(body, 'n');
  if (route === 'chat.completions' || route.startsWith('images')) return n;
  if (route !== 'completions') return 1;
  return Math.max(n, countOf(body, 'best_of')) * promptsOf(body['prompt']);
}

function promptsOf(prompt: unknown): number {
  if (!Array.isArray(prompt) || prompt.length === 0 || typeof prompt[0] === 'number') return 1;
  return prompt.length;
}

function countOf(body: JsonObject, field: string): Tokens | 1 {
  return tokens(body[field]) ?? 1;
}
