import type { Answer } from './answer.ts';
import type { BilledPart, BillEntry } from './bill.ts';
import { priceParts, sumFactors } from './bill.ts';
import { failureOf } from './failure.ts';
import type { JsonObject } from './json.ts';
import type { Factor, ModelPrice, ProviderName } from './price.ts';
import type { EmulatedRequest } from './request.ts';
import type { BilledUsage } from './usage.ts';
import { NO_USAGE, promptTokens } from './usage.ts';

/** The reports of both providers' Admin APIs, by path. */
export const ADMIN_PATHS: Readonly<Record<string, ProviderName>> = {
  '/v1/organizations/cost_report': 'anthropic',
  '/v1/organizations/usage_report/messages': 'anthropic',
  '/v1/organization/costs': 'openai',
  '/v1/organization/usage/completions': 'openai',
};

/**
 * What the provider's own reports say of the bill, in the forms that its Admin API documents: one
 * page, a part for each UTC day with anything in it, broken down as `group_by` asks.
 *
 * The true bill, whatever a fault made the answers report. Filters other than the span of time are
 * not taken.
 */
export function answerAdmin(
  request: EmulatedRequest,
  entries: readonly BillEntry[],
  prices: Readonly<Record<string, ModelPrice>>,
): Answer {
  const provider = ADMIN_PATHS[request.path];
  if (provider === undefined) return failureOf(404, request.provider);
  const query = new URLSearchParams(request.query);
  const days = new Map<number, BillEntry[]>();
  for (const entry of entries) {
    const day = Math.floor(entry.at / DAY_MS) * DAY_MS;
    const isIn = entry.provider === provider && isWithin(day, query);
    if (isIn) days.set(day, [...(days.get(day) ?? []), entry]);
  }
  const grouped = [...query.getAll('group_by[]'), ...query.getAll('group_by')];
  const source: Source = { isGrouped: isByModel(grouped), prices };
  const data = [...days]
    .toSorted(([left], [right]) => left - right)
    .map(([day, own]) => spanJson(provider, day, resultsOf(request.path, own, source)));
  const page = { data, has_more: false, next_page: null };
  return { kind: 'free', body: provider === 'openai' ? { object: 'page', ...page } : page };
}

const DAY_MS = 86_400_000;

interface Source {
  readonly isGrouped: boolean;
  readonly prices: Readonly<Record<string, ModelPrice>>;
}

function isByModel(grouped: readonly string[]): boolean {
  return ['model', 'description', 'line_item'].some((name) => grouped.includes(name));
}

function isWithin(day: number, query: URLSearchParams): boolean {
  const from = instantOf(query.get('starting_at') ?? query.get('start_time'));
  const to = instantOf(query.get('ending_at') ?? query.get('end_time'));
  return (from === undefined || day + DAY_MS > from) && (to === undefined || day < to);
}

function instantOf(text: string | null): number | undefined {
  if (text === null) return undefined;
  return /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text);
}

function spanJson(provider: ProviderName, day: number, results: readonly JsonObject[]): JsonObject {
  const end = day + DAY_MS;
  return provider === 'anthropic'
    ? { starting_at: rfc3339(day), ending_at: rfc3339(end), results }
    : { object: 'bucket', start_time: day / 1_000, end_time: end / 1_000, results };
}

function rfc3339(at: number): string {
  return new Date(at).toISOString().replace('.000Z', 'Z');
}

function resultsOf(
  path: string,
  entries: readonly BillEntry[],
  source: Source,
): readonly JsonObject[] {
  switch (path) {
    case '/v1/organizations/cost_report':
      return costGroups(entries, source).map(anthropicCost);
    case '/v1/organization/costs':
      return costGroups(entries, source).map(openaiCost);
    case '/v1/organizations/usage_report/messages':
      return usageGroups(entries, source).map(anthropicUsage);
    default:
      return usageGroups(entries, source).map(openaiUsage);
  }
}

interface CostGroup {
  readonly model: string | null;
  readonly kind: BilledPart['kind'] | null;
  readonly count: number;
  readonly pico: Factor;
}

function costGroups(
  entries: readonly BillEntry[],
  { isGrouped, prices }: Source,
): readonly CostGroup[] {
  const groups = new Map<string, BilledPart[]>();
  for (const part of entries.flatMap((entry) => priceParts(entry, prices))) {
    const key = isGrouped ? JSON.stringify([part.model, part.kind]) : '';
    groups.set(key, [...(groups.get(key) ?? []), part]);
  }
  return [...groups.values()].map((parts) => ({
    model: isGrouped ? (parts[0]?.model ?? null) : null,
    kind: isGrouped ? (parts[0]?.kind ?? null) : null,
    count: parts.reduce((sum, { count }) => sum + count, 0),
    pico: sumFactors(parts.map(({ pico }) => pico)),
  }));
}

const TOKEN_TYPES: Readonly<Partial<Record<BilledPart['kind'], string>>> = {
  input: 'uncached_input_tokens',
  imageInput: 'uncached_input_tokens',
  cacheRead: 'cache_read_input_tokens',
  cacheWrite: 'cache_creation.ephemeral_5m_input_tokens',
  cacheWrite1h: 'cache_creation.ephemeral_1h_input_tokens',
  output: 'output_tokens',
};

/** `amount` is in cents, as a decimal string. */
function anthropicCost({ model, kind, pico }: CostGroup): JsonObject {
  const isTokens = kind !== null && kind !== 'webSearch';
  const tokenType = kind === null ? null : (TOKEN_TYPES[kind] ?? null);
  const costType = isTokens ? 'tokens' : 'web_search';
  return {
    amount: decimalText(pico, CENT_DIGITS),
    currency: 'USD',
    cost_type: kind === null ? null : costType,
    model: isTokens ? model : null,
    token_type: tokenType,
    description: kind === null ? null : `${model} Usage - ${tokenType ?? 'Web Search'}`,
    service_tier: isTokens ? 'standard' : null,
    context_window: isTokens ? '0-200k' : null,
    inference_geo: null,
    workspace_id: null,
  };
}

const SIDES: Readonly<Partial<Record<BilledPart['kind'], string>>> = {
  input: 'input',
  cacheRead: 'cached input',
  output: 'output',
};

/**
 * `amount.value` is in dollars, as a number. Line items have no documented form: those of `SIDES`
 * are as public exports have them, the others are made up after them.
 */
function openaiCost({ model, kind, count, pico }: CostGroup): JsonObject {
  const side = kind === null ? null : (SIDES[kind] ?? kind);
  return {
    object: 'organization.costs.result',
    amount: { value: Number(decimalText(pico, DOLLAR_DIGITS)), currency: 'usd' },
    line_item: side === null ? null : `${model}, ${side}`,
    project_id: null,
    quantity: side === null ? null : count,
    quantity_unit: null,
  };
}

interface UsageGroup {
  readonly model: string | null;
  readonly usage: BilledUsage;
  readonly requests: number;
}

function usageGroups(entries: readonly BillEntry[], { isGrouped }: Source): readonly UsageGroup[] {
  const groups = new Map<string | null, UsageGroup>();
  const add = (model: string, usage: BilledUsage, requests: number) => {
    const key = isGrouped ? model : null;
    const { usage: sum, requests: before } = groups.get(key) ?? { usage: NO_USAGE, requests: 0 };
    groups.set(key, { model: key, usage: sumUsage(sum, usage), requests: before + requests });
  };
  for (const { model, usage, iterations } of entries) {
    add(model, usage, 1);
    for (const other of iterations) add(other.model, other.usage, 0);
  }
  return [...groups.values()];
}

function sumUsage(left: BilledUsage, right: BilledUsage): BilledUsage {
  const names = Object.keys(NO_USAGE) as (keyof BilledUsage)[];
  return Object.fromEntries(
    names.map((name) => [name, left[name] + right[name]]),
  ) as unknown as BilledUsage;
}

function anthropicUsage({ model, usage }: UsageGroup): JsonObject {
  return {
    uncached_input_tokens: usage.inputTokens + usage.imageInputTokens,
    cache_creation: {
      ephemeral_1h_input_tokens: usage.cacheWrite1hTokens,
      ephemeral_5m_input_tokens: usage.cacheWriteTokens,
    },
    cache_read_input_tokens: usage.cacheReadTokens,
    output_tokens: usage.outputTokens,
    server_tool_use: { web_search_requests: usage.webSearches },
    model,
    api_key_id: null,
    workspace_id: null,
    service_tier: null,
    context_window: null,
  };
}

/** `input_tokens` includes what was cached and written, `output_tokens` all output. */
function openaiUsage({ model, usage, requests }: UsageGroup): JsonObject {
  return {
    object: 'organization.usage.completions.result',
    input_tokens: promptTokens(usage),
    input_cached_tokens: usage.cacheReadTokens,
    input_cache_write_tokens: usage.cacheWriteTokens + usage.cacheWrite1hTokens,
    input_audio_tokens: 0,
    output_tokens: usage.outputTokens + usage.imageOutputTokens,
    output_audio_tokens: 0,
    num_model_requests: requests,
    model,
    project_id: null,
    user_id: null,
    api_key_id: null,
    batch: null,
  };
}

/** Pico-dollars are 10^-12 dollars and 10^-10 cents. */
const DOLLAR_DIGITS = 12;
const CENT_DIGITS = 10;
/** Digits after which the decimals of a factor must have ended: they are written by hand. */
const FRACTION_DIGITS = 24;

/** The amount with its point moved `digits` to the left, as an exact decimal. */
function decimalText({ over, under }: Factor, digits: number): string {
  const places = digits + FRACTION_DIGITS;
  const scaled = over * 10n ** BigInt(FRACTION_DIGITS);
  if (scaled % under !== 0n) throw new RangeError('The amount has no end as a decimal');
  const text = (scaled / under).toString().padStart(places + 1, '0');
  const fraction = text.slice(-places).replace(/0+$/, '');
  return fraction === '' ? text.slice(0, -places) : `${text.slice(0, -places)}.${fraction}`;
}
