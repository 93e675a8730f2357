import { laterCounts } from './token-counts.ts';
import type { FeeKind, UsageLine } from './usage.ts';

/**
 * The later of two cumulative reports of one answer, line by line, except that nothing falls: no
 * side of the tokens (`laterCounts`), no fee, and no line that was there before goes.
 */
export function laterLines(
  earlier: readonly UsageLine[],
  later: readonly UsageLine[],
): readonly UsageLine[] {
  const lines = later.map((line, index) => {
    const known = earlier[index];
    return known === undefined ? line : laterLine(known, line);
  });
  return [...lines, ...earlier.slice(later.length)];
}

function laterLine(earlier: UsageLine, later: UsageLine): UsageLine {
  const fees: Partial<Record<FeeKind, number>> = { ...earlier.fees };
  for (const [name, count] of Object.entries(later.fees) as [FeeKind, number][]) {
    fees[name] = Math.max(fees[name] ?? 0, count);
  }
  return { ...later, tokens: laterCounts(earlier.tokens, later.tokens), fees };
}
