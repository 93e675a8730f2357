import { anthropic } from '../src/providers/anthropic/provider.ts';
import { openai } from '../src/providers/openai/provider.ts';
import type { Assumptions, Provider } from '../src/providers/provider.ts';
import { tokens } from '../src/units/count.ts';

/**
 * What one bound of a read request costs, in nanoseconds: median and 99th percentile of batches.
 */
export interface BoundFigure {
  readonly provider: string;
  readonly promptBytes: number;
  readonly script: 'ascii' | 'japanese';
  readonly p50Ns: number;
  readonly p99Ns: number;
}

/** Prompt sizes in bytes, as in the table of numbers to reach. */
const PROMPT_BYTES = [512, 4096, 65_536] as const;

const LIMITS = { inputTokensMax: tokens(1_000_000), outputTokensMax: tokens(64_000) };
const ASSUMPTIONS: Assumptions = { serviceTier: 'standard', geo: 'global', allow: {} };
const WARM_UP = 20_000;
const BATCHES = 400;
const PER_BATCH = 50;

/** Measures the bound of one request, by provider, prompt size and script. */
export function benchBound(): readonly BoundFigure[] {
  const figures: BoundFigure[] = [];
  for (const promptBytes of PROMPT_BYTES) {
    const ascii = 'The quick brown fox jumps. '.repeat(promptBytes).slice(0, promptBytes);
    const japanese = '速い茶色の狐が跳ぶ。'.repeat(promptBytes).slice(0, promptBytes / 3);
    for (const [provider, route] of PROVIDERS) {
      const shape = { provider: provider.name, promptBytes } as const;
      figures.push({ ...shape, script: 'ascii', ...timed(provider, route, ascii) });
      figures.push({ ...shape, script: 'japanese', ...timed(provider, route, japanese) });
    }
  }
  return figures;
}

const PROVIDERS = [
  [anthropic, 'messages'],
  [openai, 'chat.completions'],
] as const;

function timed(provider: Provider, route: string, content: string) {
  const body = { model: 'a-model', max_tokens: 1024, messages: [{ role: 'user', content }] };
  const facts = provider.readRequest(route, JSON.stringify(body));
  if ('kind' in facts) throw new Error(`${facts.field}: ${facts.reason}`);
  let sum = 0;
  const once = (): void => {
    const bound = provider.bound(facts, LIMITS, ASSUMPTIONS);
    if ('kind' in bound) throw new Error(bound.reason);
    sum += bound.inputTokens;
  };
  for (let run = 0; run < WARM_UP; run++) once();
  const batches: number[] = [];
  for (let batch = 0; batch < BATCHES; batch++) {
    const start = performance.now();
    for (let run = 0; run < PER_BATCH; run++) once();
    batches.push(((performance.now() - start) * 1e6) / PER_BATCH);
  }
  if (!(sum > 0)) throw new Error('nothing was measured');
  batches.sort((left, right) => left - right);
  return { p50Ns: at(batches, 0.5), p99Ns: at(batches, 0.99) };
}

function at(sorted: readonly number[], share: number): number {
  return Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN);
}
