import type { Amendment } from '../provider.ts';

/** Nothing to change: every Messages answer, streamed or not, reports its usage unasked. */
export function amendAnthropic(): Amendment | undefined {
  return undefined;
}
