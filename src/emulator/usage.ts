/**
 * Tokens and pieces that one answer is billed for. The classes are disjoint: a token is in one.
 *
 * Whole numbers from 0. `reasoningTokens` is the one exception: it says how many of
 * `outputTokens` were reasoning, and costs nothing on top.
 */
export interface BilledUsage {
  /** Prompt tokens that are neither read from nor written to a cache. */
  readonly inputTokens: number;
  readonly cacheReadTokens: number;
  /** Written to the five-minute cache (Anthropic) or to the only cache there is (OpenAI). */
  readonly cacheWriteTokens: number;
  readonly cacheWrite1hTokens: number;
  readonly imageInputTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
  readonly imageOutputTokens: number;
  readonly webSearches: number;
}

/** Nothing billed. */
export const NO_USAGE: BilledUsage = {
  inputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  cacheWrite1hTokens: 0,
  imageInputTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  imageOutputTokens: 0,
  webSearches: 0,
};

/** All prompt tokens, cached or not: what long-context thresholds are compared with. */
export function promptTokens(usage: BilledUsage): number {
  return (
    usage.inputTokens +
    usage.cacheReadTokens +
    usage.cacheWriteTokens +
    usage.cacheWrite1hTokens +
    usage.imageInputTokens
  );
}

/** Every figure divided by `factor` and rounded down: how an under-reporting provider speaks. */
export function divideUsage(usage: BilledUsage, factor: number): BilledUsage {
  const part = (count: number): number => Math.floor(count / factor);
  return {
    inputTokens: part(usage.inputTokens),
    cacheReadTokens: part(usage.cacheReadTokens),
    cacheWriteTokens: part(usage.cacheWriteTokens),
    cacheWrite1hTokens: part(usage.cacheWrite1hTokens),
    imageInputTokens: part(usage.imageInputTokens),
    outputTokens: part(usage.outputTokens),
    reasoningTokens: part(usage.reasoningTokens),
    imageOutputTokens: part(usage.imageOutputTokens),
    webSearches: part(usage.webSearches),
  };
}

/**
 * `given` over `base`.
 *
 * Throws a `RangeError` when a given figure is not a whole number from 0 to 2^53 - 1: a bill
 * must be worked out from figures that can be meant.
 */
export function mergeUsage(base: BilledUsage, given: Partial<BilledUsage>): BilledUsage {
  for (const [name, value] of Object.entries(given)) {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new RangeError(`${name} must be a whole number from 0, not ${value}`);
    }
  }
  return { ...base, ...given };
}
