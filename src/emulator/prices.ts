import type { ModelPrice, TierPrice, TokenPrices } from './price.ts';

/**
 * What the emulator charges unless told otherwise, by exact model id.
 *
 * Figures: LiteLLM's `model_prices_and_context_window.json` of 2026-08 (USD per million tokens).
 * Claude batches at half price and image token counts are from the providers' price pages.
 * `claude-sonnet-4-5` keeps its long-context tier and a window of 1,000,000, so that the step at
 * 200,000 tokens can be tested.
 */
export const DEFAULT_PRICES: Readonly<Record<string, ModelPrice>> = {
  ...claude(['claude-sonnet-4-5', 'claude-sonnet-4-5-20250929'], 64_000, 1_000_000, {
    rates: cached('3', '15', '0.3', '3.75', '6'),
    longContext: { aboveInputTokens: 200_000, rates: cached('6', '22.5', '0.6', '7.5', '12') },
  }),
  ...claude(['claude-haiku-4-5', 'claude-haiku-4-5-20251001'], 64_000, 200_000, {
    rates: cached('1', '5', '0.1', '1.25', '2'),
  }),
  ...claude(['claude-opus-4-5', 'claude-opus-4-5-20251101'], 64_000, 200_000, {
    rates: cached('5', '25', '0.5', '6.25', '10'),
  }),
  ...claude(['claude-opus-4-6'], 128_000, 1_000_000, {
    rates: cached('5', '25', '0.5', '6.25', '10'),
    fastFactor: '6',
    geoFactors: { us: '1.1' },
  }),
  ...claude(['claude-opus-4-8', 'claude-opus-5'], 128_000, 1_000_000, {
    rates: cached('5', '25', '0.5', '6.25', '10'),
    fastFactor: '2',
    geoFactors: { us: '1.1' },
  }),
  ...claude(['claude-sonnet-4-6'], 64_000, 1_000_000, {
    rates: cached('3', '15', '0.3', '3.75', '6'),
    geoFactors: { us: '1.1' },
  }),
  ...claude(['claude-sonnet-5'], 128_000, 1_000_000, {
    rates: cached('2', '10', '0.2', '2.5', '4'),
    geoFactors: { us: '1.1' },
  }),
  ...gpt(['gpt-4o'], 16_384, 128_000, {
    rates: rates('2.5', '10', '1.25'),
    tiers: { priority: tier('4.25', '17', '2.125'), batch: tier('1.25', '5') },
  }),
  ...gpt(['gpt-4o-mini'], 16_384, 128_000, {
    rates: rates('0.15', '0.6', '0.075'),
    tiers: { priority: tier('0.25', '1', '0.125'), batch: tier('0.075', '0.3') },
  }),
  ...gpt(['gpt-4.1'], 32_768, 1_047_576, {
    rates: rates('2', '8', '0.5'),
    tiers: { priority: tier('3.5', '14', '0.875'), batch: tier('1', '4') },
  }),
  ...gpt(['gpt-4.1-mini'], 32_768, 1_047_576, {
    rates: rates('0.4', '1.6', '0.1'),
    tiers: { priority: tier('0.7', '2.8', '0.175'), batch: tier('0.2', '0.8') },
  }),
  ...gpt(['gpt-5'], 128_000, 272_000, {
    rates: rates('1.25', '10', '0.125'),
    tiers: { priority: tier('2.5', '20', '0.25'), flex: tier('0.625', '5', '0.0625') },
  }),
  ...gpt(['gpt-5-mini'], 128_000, 272_000, {
    rates: rates('0.25', '2', '0.025'),
    tiers: { priority: tier('0.45', '3.6', '0.045'), flex: tier('0.125', '1', '0.0125') },
  }),
  ...gpt(['gpt-5-nano'], 128_000, 272_000, {
    rates: rates('0.05', '0.4', '0.005'),
    tiers: { flex: tier('0.025', '0.2', '0.0025') },
  }),
  ...gpt(['gpt-5.4'], 128_000, 1_050_000, {
    rates: rates('2.5', '15', '0.25'),
    longContext: { aboveInputTokens: 272_000, rates: rates('5', '22.5', '0.5') },
    tiers: {
      priority: tier('5', '30', '0.5'),
      flex: tier('1.25', '7.5', '0.13'),
      batch: tier('1.25', '7.5'),
    },
  }),
  ...gpt(['gpt-5.5'], 128_000, 1_050_000, {
    rates: rates('5', '30', '0.5'),
    longContext: { aboveInputTokens: 272_000, rates: rates('10', '45', '1') },
    tiers: {
      priority: tier('10', '60', '1'),
      flex: tier('2.5', '15', '0.25'),
      batch: tier('2.5', '15'),
    },
  }),
  ...gpt(['o3'], 100_000, 200_000, {
    rates: rates('2', '8', '0.5'),
    tiers: { priority: tier('3.5', '14', '0.875'), flex: tier('1', '4', '0.25') },
  }),
  ...gpt(['o4-mini'], 100_000, 200_000, {
    rates: rates('1.1', '4.4', '0.275'),
    tiers: { priority: tier('2', '8', '0.5'), flex: tier('0.55', '2.2', '0.1375') },
  }),
  ...gpt(['gpt-3.5-turbo-instruct'], 4_096, 8_192, { rates: rates('1.5', '2') }),
  ...gpt(['text-embedding-3-small'], 0, 8_191, {
    rates: rates('0.02', '0'),
    tiers: { batch: tier('0.01', '0') },
    embeddingSize: 1_536,
  }),
  ...gpt(['text-embedding-3-large'], 0, 8_191, {
    rates: rates('0.13', '0'),
    tiers: { batch: tier('0.065', '0') },
    embeddingSize: 3_072,
  }),
  ...gpt(['gpt-image-1'], 16_384, 32_000, {
    rates: { input: '5', cacheRead: '1.25', imageInput: '10', output: '40', imageOutput: '40' },
  }),
  ...gpt(['gpt-image-1-mini'], 16_384, 32_000, {
    rates: { input: '2', cacheRead: '0.2', imageInput: '2.5', output: '8', imageOutput: '8' },
  }),
};

type Rows = Record<string, ModelPrice>;
type Own = Pick<ModelPrice, 'rates'> &
  Partial<
    Pick<ModelPrice, 'longContext' | 'tiers' | 'fastFactor' | 'geoFactors' | 'embeddingSize'>
  >;

function claude(ids: readonly string[], output: number, input: number, own: Own): Rows {
  const price: ModelPrice = {
    provider: 'anthropic',
    outputTokensMax: output,
    inputTokensMax: input,
    webSearchPerThousand: '10',
    tiers: { batch: { factor: '0.5' } },
    ...own,
  };
  return Object.fromEntries(ids.map((id) => [id, price]));
}

function gpt(ids: readonly string[], output: number, input: number, own: Own): Rows {
  const price: ModelPrice = {
    provider: 'openai',
    outputTokensMax: output,
    inputTokensMax: input,
    webSearchPerThousand: '10',
    ...own,
  };
  return Object.fromEntries(ids.map((id) => [id, price]));
}

function rates(input: string, output: string, cacheRead?: string): TokenPrices {
  return cacheRead === undefined ? { input, output } : { input, output, cacheRead };
}

function tier(input: string, output: string, cacheRead?: string): TierPrice {
  return { rates: rates(input, output, cacheRead) };
}

function cached(
  input: string,
  output: string,
  cacheRead: string,
  cacheWrite: string,
  cacheWrite1h: string,
): TokenPrices {
  return { input, output, cacheRead, cacheWrite, cacheWrite1h };
}
