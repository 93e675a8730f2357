import { addTokens, tokens, TOKENS_ZERO } from '../units/count.ts';
import type { Tokens } from '../units/count.ts';
import { TOKEN_CLASSES } from './usage.ts';
import type { TokenClass } from './usage.ts';

/** Tokens by class; a class that is absent has none. */
export type TokenCounts = Readonly<Partial<Record<TokenClass, Tokens>>>;

/** The sum of both, class by class. */
export function addCounts(left: TokenCounts, right: TokenCounts): TokenCounts {
  return mapClasses((name) => addTokens(left[name] ?? TOKENS_ZERO, right[name] ?? TOKENS_ZERO));
}

/**
 * What `total` has more than `part`, class by class, never below zero.
 *
 * Cache writes are compared over both lifetimes together, since two sources may split the same
 * writes differently; the surplus is of the longer lifetime as far as `total` has more of that.
 */
export function surplusCounts(total: TokenCounts, part: TokenCounts): TokenCounts {
  const surplus = mapClasses((name) => surplusTokens(total[name], part[name]));
  const written = surplusTokens(writesOf(total), writesOf(part));
  const hour = surplus.cacheWrite1h ?? TOKENS_ZERO;
  const cacheWrite1h = hour < written ? hour : written;
  return nonZero({
    ...surplus,
    cacheWrite1h,
    cacheWrite5m: surplusTokens(written, cacheWrite1h),
  });
}

/** `left` less `right`, never below zero. */
export function surplusTokens(left: Tokens | undefined, right: Tokens | undefined): Tokens {
  return tokens((left ?? TOKENS_ZERO) - (right ?? TOKENS_ZERO)) ?? TOKENS_ZERO;
}

/** The classes that are not zero: a class without tokens needs no price. */
export function nonZero(counts: TokenCounts): TokenCounts {
  return mapClasses((name) => counts[name] ?? TOKENS_ZERO);
}

/** All input-side tokens together. No prompt has none, so zero means that it was not reported. */
export function inputTotal(counts: TokenCounts): Tokens {
  return totalOf(inputSide(counts));
}

/**
 * The later of two cumulative reports of one answer, except that neither side falls: where all its
 * input or all its output together is less than before, that side stays as it was.
 */
export function laterCounts(earlier: TokenCounts, later: TokenCounts): TokenCounts {
  return {
    ...laterSide(inputSide(earlier), inputSide(later)),
    ...laterSide(outputSide(earlier), outputSide(later)),
  };
}

const OUTPUT_SIDE: ReadonlySet<TokenClass> = new Set(['output', 'audioOutput', 'imageOutput']);

function inputSide(counts: TokenCounts): TokenCounts {
  return mapClasses((name) =>
    OUTPUT_SIDE.has(name) ? TOKENS_ZERO : (counts[name] ?? TOKENS_ZERO),
  );
}

function outputSide(counts: TokenCounts): TokenCounts {
  return mapClasses((name) =>
    OUTPUT_SIDE.has(name) ? (counts[name] ?? TOKENS_ZERO) : TOKENS_ZERO,
  );
}

function laterSide(earlier: TokenCounts, later: TokenCounts): TokenCounts {
  return totalOf(later) < totalOf(earlier) ? earlier : later;
}

function totalOf(counts: TokenCounts): Tokens {
  return Object.values(counts).reduce(addTokens, TOKENS_ZERO);
}

function writesOf(counts: TokenCounts): Tokens {
  return addTokens(counts.cacheWrite5m ?? TOKENS_ZERO, counts.cacheWrite1h ?? TOKENS_ZERO);
}

function mapClasses(count: (name: TokenClass) => Tokens): TokenCounts {
  const counts: Partial<Record<TokenClass, Tokens>> = {};
  for (const name of TOKEN_CLASSES) {
    const value = count(name);
    if (value > 0) counts[name] = value;
  }
  return counts;
}
