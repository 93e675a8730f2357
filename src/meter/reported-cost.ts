import { nanoUsdCeilFromUsd, type NanoUsd } from '../units/money.ts';
import type { Fields } from './figures.ts';

/**
 * The header in which a LiteLLM proxy states dollars, as a decimal (docs.litellm.ai, "Response
 * Headers" and "Pass-Through Cost & Usage Tracking": "decimal string, USD").
 */
export const COST_HEADER = 'x-litellm-response-cost';

/**
 * What the answer's own `usage.cost` says it cost; `undefined` where it says nothing that can be
 * meant. The field is OpenRouter's: "the total amount charged to your account" in credits, "where
 * the base currency is US dollars" (openrouter.ai/docs, "Usage Accounting" and "FAQ").
 *
 * With the user's own key (`is_byok`) it is OpenRouter's fee alone, and no cost of the answer.
 */
export function costInUsage(usage: Fields | undefined): NanoUsd | undefined {
  if (usage === undefined || usage['is_byok'] === true) return undefined;
  const { cost } = usage;
  return typeof cost === 'number' || typeof cost === 'string'
    ? nanoUsdCeilFromUsd(cost)
    : undefined;
}

/**
 * What the header says the answer cost; `undefined` where it says nothing that can be meant.
 * Nor does a zero: it is what a proxy writes that has no price, or not yet a usage.
 */
export function costInHeader(text: string | null): NanoUsd | undefined {
  const cost = text === null ? undefined : nanoUsdCeilFromUsd(text.trim());
  return cost === 0 ? undefined : cost;
}
