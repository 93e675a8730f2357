import { isFields } from '../../../meter/figures.ts';
import type { Fields } from '../../../meter/figures.ts';
import { isCount } from '../../../units/count.ts';

/** Fields of `usage` that count input; together with `cache_creation`, all that does. */
const INPUT_FIELDS = [
  'input_tokens',
  'cache_read_input_tokens',
  'cache_creation_input_tokens',
] as const;

/**
 * Figures are cumulative, so none falls within one answer: output, searches, iterations and all
 * input together keep their maximum. Input may still move between its classes, and one that first
 * included the cached tokens may be corrected to the rest.
 */
export function restoreFallen(earlier: Fields, merged: Record<string, unknown>): void {
  const restore = (...names: readonly string[]) => {
    for (const name of names) merged[name] = earlier[name];
  };
  const falls = (sum: (usage: Fields) => number) => sum(merged) < sum(earlier);
  if (falls((usage) => figureOf(usage, 'output_tokens'))) restore('output_tokens');
  if (falls(searches)) restore('server_tool_use');
  if (falls(iterationSum)) restore('iterations');
  const isCorrected =
    inputSum(merged) === figureOf(earlier, 'input_tokens') &&
    cachedSum(merged) === cachedSum(earlier);
  if (falls(inputSum) && !isCorrected) restore(...INPUT_FIELDS, 'cache_creation');
}

/** Writes the input figures of the next event over those before, field by field. */
export function mergeInput(earlier: Fields, next: Fields, merged: Record<string, unknown>): void {
  for (const field of INPUT_FIELDS) {
    if (isReported(next, field)) merged[field] = next[field];
  }
  const written = 'cache_creation_input_tokens';
  if (isReported(next, 'cache_creation')) merged['cache_creation'] = next['cache_creation'];
  else if (merged[written] !== earlier[written]) forgetSplit(merged);
}

/** Whether the field is there with anything but `null`, which is not reported. */
export function isReported(usage: Fields, field: string): boolean {
  return Object.hasOwn(usage, field) && usage[field] !== null && usage[field] !== undefined;
}

/**
 * A new total without a split outdates the split: from then on all writes are of the dearer class
 * if any was.
 */
function forgetSplit(merged: Record<string, unknown>): void {
  const split = merged['cache_creation'];
  const hour = isFields(split) ? split['ephemeral_1h_input_tokens'] : 0;
  merged['cache_creation'] =
    typeof hour === 'number' && hour > 0 ? { ephemeral_5m_input_tokens: 0 } : undefined;
}

function searches(usage: Fields): number {
  return figureOf(usage['server_tool_use'], 'web_search_requests');
}

function iterationSum({ iterations }: Fields): number {
  const list: readonly unknown[] = Array.isArray(iterations) ? iterations : [];
  return list.reduce<number>(
    (sum, each) => sum + figureOf(each, 'output_tokens') + (isFields(each) ? inputSum(each) : 0),
    0,
  );
}

function inputSum(usage: Fields): number {
  return figureOf(usage, 'input_tokens') + cachedSum(usage);
}

function cachedSum(usage: Fields): number {
  const split = usage['cache_creation'];
  const parts =
    figureOf(split, 'ephemeral_5m_input_tokens') + figureOf(split, 'ephemeral_1h_input_tokens');
  const written = Math.max(figureOf(usage, 'cache_creation_input_tokens'), parts);
  return figureOf(usage, 'cache_read_input_tokens') + written;
}

/** A figure to compare by; whether it can be meant is judged elsewhere. */
function figureOf(owner: unknown, field: string): number {
  const value = isFields(owner) && Object.hasOwn(owner, field) ? owner[field] : 0;
  return isCount(value) ? value : 0;
}
