/** What days cost in whole nano-dollars: the mean, and what so many in a hundred stay under. */
export interface Spread {
  readonly mean_nano_usd: number;
  readonly p50_nano_usd: number;
  readonly p90_nano_usd: number;
  readonly p99_nano_usd: number;
}

/**
 * Mean and percentiles of what days cost, by nearest rank. `mean` is given where it is known
 * exactly.
 */
export function spreadOf(costs: Float64Array | readonly number[], mean?: number): Spread {
  const ascending = Float64Array.from(costs).sort();
  const sum = ascending.reduce((total, cost) => total + cost, 0);
  const drawn = ascending.length === 0 ? 0 : sum / ascending.length;
  return {
    mean_nano_usd: Math.round(mean ?? drawn),
    p50_nano_usd: rankOf(ascending, 0.5),
    p90_nano_usd: rankOf(ascending, 0.9),
    p99_nano_usd: rankOf(ascending, 0.99),
  };
}

function rankOf(ascending: Float64Array, part: number): number {
  const rank = Math.max(1, Math.ceil(part * ascending.length));
  return ascending[rank - 1] ?? 0;
}
