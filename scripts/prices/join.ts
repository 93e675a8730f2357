import type { ConditionalPrice, ModelInfo, ModelPrice } from '@pydantic/genai-prices';
import { TOKEN_CLASSES, type FeeKind, type TokenClass } from '../../src/meter/usage.ts';
import { picoUsdFromUsd, picoUsdFromUsdPerMillion } from '../../src/units/money.ts';
import { ceilRatio, emptyDraft, nameOf, TIERS } from './draft.ts';
import type { Draft, DraftRates, Note, Tier } from './draft.ts';
import { exactIds, matches, numberOf, PROVIDERS, rowOf } from './sources.ts';
import type { Row, Sources } from './sources.ts';

/** What genai-prices calls each class of tokens, in dollars per million. */
const GENAI_CLASSES: Readonly<Record<string, TokenClass>> = {
  input_mtok: 'input',
  cache_read_mtok: 'cacheRead',
  cache_write_mtok: 'cacheWrite5m',
  cache_write_1h_mtok: 'cacheWrite1h',
  input_audio_mtok: 'audioInput',
  cache_audio_read_mtok: 'audioCacheRead',
  input_image_mtok: 'imageInput',
  cache_image_read_mtok: 'imageCacheRead',
  output_mtok: 'output',
  output_audio_mtok: 'audioOutput',
  output_image_mtok: 'imageOutput',
};

/** What it calls fees, in dollars per thousand. */
const GENAI_FEES: Readonly<Record<string, FeeKind>> = {
  web_searches_kcount: 'webSearch',
  storage_searches_kcount: 'fileSearch',
};

/** What LiteLLM calls each class, in dollars per token; tiers and thresholds are suffixes. */
const LITELLM_CLASSES: readonly (readonly [string, TokenClass])[] = [
  ['input_cost_per_token', 'input'],
  ['cache_read_input_token_cost', 'cacheRead'],
  ['cache_creation_input_token_cost', 'cacheWrite5m'],
  ['cache_creation_input_token_cost_above_1hr', 'cacheWrite1h'],
  ['input_cost_per_audio_token', 'audioInput'],
  ['input_cost_per_image_token', 'imageInput'],
  ['output_cost_per_token', 'output'],
  ['output_cost_per_audio_token', 'audioOutput'],
  ['output_cost_per_image_token', 'imageOutput'],
];

const LITELLM_TIERS: Readonly<Record<Tier, string>> = {
  priority: '_priority',
  flex: '_flex',
  batch: '_batches',
};

/** Kinds of models that are priced by tokens and have a route. */
const MODES = ['chat', 'responses', 'completion', 'embedding', 'image_generation'];

/** Ids that are left out, and why: each is printed. */
const LEFT_OUT: readonly (readonly [RegExp, string])[] = [
  [/realtime/, 'realtime sessions are not metered'],
  [/transcribe|whisper|tts/, 'audio transcription and speech are not metered'],
  [/^ft:|\.ft-/, 'fine-tuned ids carry an organisation and cannot match exactly'],
  [/search-preview|search-api/, 'bills a search for each call that no field of the request shows'],
  [/^gpt-35|^gpt-5-\d(?:-|$)|:extended|-high$/, 'not an id of this provider'],
  [/moderation/, 'free'],
  [/^claude-v1$/, 'retired; it has no cache rates'],
  [/^chatgpt-image-latest$/, 'an alias; no source prices its text output'],
];

/** All drafts that the sources give, before the overlay. Every id that is left out is noted. */
export function joinSources(sources: Sources, note: Note): Draft[] {
  const drafts: Draft[] = [];
  for (const provider of PROVIDERS) {
    for (const id of candidateIds(sources, provider)) {
      const reason = LEFT_OUT.find(([pattern]) => pattern.test(id))?.[1];
      if (reason === undefined) drafts.push(...joinModel(sources, provider, id, note));
      else note(`left out ${provider}/${id}: ${reason}`);
    }
  }
  return drafts;
}

function candidateIds(sources: Sources, provider: string): readonly string[] {
  const genai = sources.genai[provider]?.models ?? [];
  const ids = new Set<string>();
  for (const model of genai) {
    ids.add(model.id);
    for (const id of exactIds(model.match)) ids.add(id);
  }
  for (const table of [sources.litellm[provider], sources.modelsDev[provider]]) {
    for (const id of Object.keys(table ?? {})) ids.add(id);
  }
  return [...ids].sort();
}

function joinModel(sources: Sources, provider: string, id: string, note: Note): readonly Draft[] {
  const models = sources.genai[provider]?.models ?? [];
  const litellm = sources.litellm[provider]?.[id];
  const modelsDev = sources.modelsDev[provider]?.[id];
  const name = `${provider}/${id}`;
  if (litellm !== undefined && !MODES.includes(String(litellm['mode']))) {
    note(`left out ${name}: mode ${String(litellm['mode'])}`);
    return [];
  }
  const info = models.find((one) => matches(one.match, id, false));
  const isExact = info !== undefined && matches(info.match, id, true);
  if (/OpenRouter/.test(info?.price_comments ?? '')) {
    note(`left out ${name}: its price was not taken from the provider`);
    return [];
  }
  const isSecond = litellm !== undefined || modelsDev !== undefined;
  if (info !== undefined && isExact && info.id !== id && !isSecond) {
    note(`left out ${name}: one source alone names this id, beside ${info.id}`);
    return [];
  }
  const dated = info === undefined ? [] : genaiDrafts(provider, id, info, note);
  const newest = dated[0];
  if (newest === undefined) return litellmOnly(provider, id, { litellm, modelsDev }, note);
  if (!isExact && !confirms(newest, litellm, modelsDev)) {
    note(`left out ${name}: only a prefix rule gives it a price, and no second source agrees`);
    return [];
  }
  for (const draft of dated) {
    addLimits(draft, { litellm, modelsDev, context: info?.context_window });
    if (litellm !== undefined) addLitellm(draft, litellm, draft === newest, note);
  }
  return dated;
}

/** One draft for each start date, newest first. */
function genaiDrafts(provider: string, id: string, info: ModelInfo, note: Note): Draft[] {
  const list: readonly ConditionalPrice[] = Array.isArray(info.prices)
    ? info.prices
    : [{ prices: info.prices }];
  const drafts: Draft[] = [];
  for (const { constraint, prices } of list) {
    if (constraint !== undefined && constraint.type !== 'start_date') {
      note(`left out ${provider}/${id}: its price depends on the time of day`);
      return [];
    }
    const draft = emptyDraft(provider, id, constraint?.start_date ?? null);
    draft.sources.push('genai-prices');
    readGenai(draft, prices, note);
    if (draft.rates.input === undefined) return [];
    drafts.unshift(draft);
  }
  return drafts;
}

function readGenai(draft: Draft, prices: ModelPrice, note: Note): void {
  for (const [key, value] of Object.entries(prices)) {
    const name = GENAI_CLASSES[key];
    const fee = GENAI_FEES[key];
    if (value === undefined) continue;
    if (name === undefined && fee === undefined) {
      note(`not used: ${key} of ${nameOf(draft)}`);
    } else if (fee !== undefined) {
      draft.fees[fee] = picoPerThousand(value as number);
    } else if (name !== undefined && typeof value === 'number') {
      draft.rates[name] = picoPerMillion(value);
    } else if (name !== undefined && typeof value === 'object') {
      const [tier, ...more] = value.tiers;
      if (tier === undefined || more.length > 0)
        throw new Error(`${nameOf(draft)}: tiers of ${key}`);
      draft.rates[name] = picoPerMillion(value.base);
      draft.long ??= { above: tier.start, rates: {} };
      if (draft.long.above !== tier.start) throw new Error(`${nameOf(draft)}: two thresholds`);
      draft.long.rates[name] = picoPerMillion(tier.price);
    }
  }
}

/** A model that genai-prices lacks: LiteLLM's price, unless models.dev contradicts it. */
function litellmOnly(
  provider: string,
  id: string,
  { litellm, modelsDev }: { litellm: Row | undefined; modelsDev: Row | undefined },
  note: Note,
): readonly Draft[] {
  const draft = emptyDraft(provider, id, null);
  if (litellm !== undefined) draft.rates = litellmRates(litellm, '');
  if (litellm === undefined || draft.rates.input === undefined) {
    note(`left out ${provider}/${id}: no price by tokens in genai-prices or LiteLLM`);
    return [];
  }
  if (modelsDev?.['cost'] !== undefined && !confirms(draft, undefined, modelsDev)) {
    note(`left out ${provider}/${id}: LiteLLM and models.dev disagree`);
    return [];
  }
  addLimits(draft, { litellm, modelsDev, context: undefined });
  addLitellm(draft, litellm, true, note);
  return [draft];
}

/** Whether a second source has the same input and output price. */
function confirms(draft: Draft, litellm: Row | undefined, modelsDev: Row | undefined): boolean {
  const theirs = litellm === undefined ? undefined : litellmRates(litellm, '');
  const cost = rowOf(modelsDev, 'cost');
  const pairs = [
    [theirs?.input, theirs?.output],
    [perMillion(cost, 'input'), perMillion(cost, 'output')],
  ] as const;
  return pairs.some(([input, output]) => {
    return input === draft.rates.input && (output ?? 0) === (draft.rates.output ?? 0);
  });
}

/** The larger limit of the sources: a limit that is too small would make a bound too small. */
function addLimits(
  draft: Draft,
  of: { litellm: Row | undefined; modelsDev: Row | undefined; context: number | undefined },
): void {
  const limit = rowOf(of.modelsDev, 'limit');
  const most = (...values: readonly (number | undefined)[]): number =>
    Math.max(0, ...values.map((value) => value ?? 0));
  draft.inputTokensMax = most(
    numberOf(of.litellm, 'max_input_tokens'),
    numberOf(limit, 'context'),
    numberOf(limit, 'input'),
    of.context,
  );
  draft.outputTokensMax = most(
    numberOf(of.litellm, 'max_output_tokens'),
    numberOf(limit, 'output'),
  );
  const mode = of.litellm?.['mode'];
  // Both take a list of inputs, each as long as the context: the context does not limit a request.
  if (mode === 'embedding' || mode === 'completion') draft.inputTokensMax = 0;
  if (mode === 'embedding') draft.outputTokensMax = 0;
}

/** What only LiteLLM has: tiers, audio and image classes, long-context rates, fast and regions. */
function addLitellm(draft: Draft, row: Row, isNewest: boolean, note: Note): void {
  const base = litellmRates(row, '');
  const isSame =
    base.input === draft.rates.input && (base.output ?? 0) === (draft.rates.output ?? 0);
  if (!isSame && !isNewest) return;
  draft.sources.push('LiteLLM');
  for (const name of ['audioInput', 'audioOutput', 'imageInput', 'imageOutput'] as const) {
    if (draft.rates[name] === undefined && base[name] !== undefined) draft.rates[name] = base[name];
  }
  for (const tier of TIERS) {
    const rates = litellmRates(row, LITELLM_TIERS[tier]);
    if (Object.keys(rates).length > 0)
      draft[tier] = isSame ? rates : rescale(draft, base, rates, note);
  }
  addLitellmLong(draft, row, note);
  const special = rowOf(row, 'provider_specific_entry');
  const fast = numberOf(special, 'fast');
  if (fast !== undefined) draft.fast = decimalRatio(fast);
  const us = numberOf(special, 'us') ?? numberOf(row, 'regional_processing_uplift_multiplier_us');
  const eu = numberOf(row, 'regional_processing_uplift_multiplier_eu');
  if (us !== undefined) draft.geos['us'] = decimalRatio(us);
  if (eu !== undefined) draft.geos['eu'] = decimalRatio(eu);
}

/** Tier rates in the same proportion to a base price that has changed since. */
function rescale(draft: Draft, base: DraftRates, tier: DraftRates, note: Note): DraftRates {
  const scaled: DraftRates = {};
  for (const name of TOKEN_CLASSES) {
    const [over, under, rate] = [tier[name], base[name], draft.rates[name]];
    if (over !== undefined && under !== undefined && rate !== undefined && under > 0) {
      scaled[name] = ceilRatio(rate, { over, under });
    }
  }
  note(`derived: a tier of ${nameOf(draft)} keeps LiteLLM's proportion to its older base price`);
  return scaled;
}

function addLitellmLong(draft: Draft, row: Row, note: Note): void {
  if (draft.long !== undefined || draft.from !== null) return;
  for (const above of [200_000, 272_000]) {
    const rates = litellmRates(row, `_above_${above / 1000}k_tokens`);
    if (rates.input === undefined) continue;
    draft.long = { above, rates };
    note(`added: long-context rates of ${nameOf(draft)}, which only LiteLLM lists`);
  }
}

function litellmRates(row: Row, suffix: string): DraftRates {
  const rates: DraftRates = {};
  for (const [field, name] of LITELLM_CLASSES) {
    const usd = numberOf(row, `${field}${suffix}`);
    if (usd === undefined || (usd === 0 && name !== 'output')) continue;
    const pico = picoUsdFromUsd(usd);
    if (pico === undefined) throw new Error(`${field}${suffix} = ${usd}: not whole pico-dollars`);
    if (usd > 0) rates[name] = pico;
  }
  return rates;
}

function perMillion(row: Row, field: string): number | undefined {
  const usd = numberOf(row, field);
  return usd === undefined ? undefined : picoPerMillion(usd);
}

function picoPerMillion(usd: number): number {
  const pico = picoUsdFromUsdPerMillion(usd);
  if (pico === undefined) throw new Error(`$${usd} per million: not whole pico-dollars per token`);
  return pico;
}

function picoPerThousand(usd: number): number {
  return picoPerMillion(usd) * 1000;
}

function decimalRatio(value: number): { over: number; under: number } {
  const hundredths = Math.round(value * 100);
  if (hundredths / 100 !== value) throw new Error(`${value} is finer than a hundredth`);
  if (hundredths % 100 === 0) return { over: hundredths / 100, under: 1 };
  return hundredths % 10 === 0
    ? { over: hundredths / 10, under: 10 }
    : { over: hundredths, under: 100 };
}
