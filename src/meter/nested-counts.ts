import { minTokens } from '../units/count.ts';
import type { Tokens } from '../units/count.ts';
import type { Figures } from './figures.ts';
import { nonZero, surplusTokens } from './token-counts.ts';
import type { TokenCounts } from './token-counts.ts';

/** An input total and the parts of it that the provider names; parts may overlap each other. */
export interface NestedInput {
  readonly total: Tokens;
  readonly cached: Tokens;
  readonly written: Tokens;
  /** Part of `written`. */
  readonly writtenLong: Tokens;
  readonly audio: Tokens;
  readonly image: Tokens;
}

/**
 * Splits an input total that includes all its parts into disjoint classes, never cheaper than true.
 *
 * Which of the cached tokens were text, image or audio is not reported: they are taken as text
 * first, then image, then audio, because the discount on text is the smallest. Written tokens are
 * text and come before cached ones, because they cost more. A part above what can hold it is
 * hostile.
 */
export function splitInput(input: NestedInput, figures: Figures): TokenCounts {
  const { total, cached, written, writtenLong, audio } = input;
  const silent = figures.less(total, audio, 'audio tokens above the input total');
  const text = figures.less(silent, input.image, 'image tokens above the input total');
  const unwritten = figures.less(text, written, 'cache writes above the text input');
  figures.less(total, cached, 'cached tokens above the input total');
  const read = minTokens(cached, surplusTokens(total, written));
  const cacheRead = minTokens(read, unwritten);
  const imageCacheRead = minTokens(surplusTokens(read, cacheRead), input.image);
  const audioCacheRead = surplusTokens(surplusTokens(read, cacheRead), imageCacheRead);
  return nonZero({
    input: surplusTokens(unwritten, cacheRead),
    cacheRead,
    cacheWrite5m: figures.less(written, writtenLong, 'long cache writes above all cache writes'),
    cacheWrite1h: writtenLong,
    imageInput: surplusTokens(input.image, imageCacheRead),
    imageCacheRead,
    audioInput: surplusTokens(audio, audioCacheRead),
    audioCacheRead,
  });
}
