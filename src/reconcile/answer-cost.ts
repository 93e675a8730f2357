import { isFields } from '../meter/figures.ts';
import { COST_HEADER, costInHeader, costInUsage } from '../meter/reported-cost.ts';
import { CALLS_ONE } from '../units/count.ts';
import { ReportError } from './report-error.ts';
import { dayOf, type SpendRow } from './row.ts';

/** One answer that states its own cost, as it was kept. */
export interface AnswerCost {
  /** As the books name them. */
  readonly provider: string;
  readonly model: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The parsed body: OpenRouter states dollars in `usage.cost`. */
  readonly body?: unknown;
  /** The header `x-litellm-response-cost`, where a LiteLLM proxy answered. */
  readonly header?: string | null;
}

const SOURCE = 'answer';

/**
 * The row of one answer by the cost that it states itself, for answers that were kept: the guard
 * reads both places while it meters (`reported_cost_nano_usd` in its `settled` event).
 *
 * Throws `REPORT_INVALID` for an answer that states none, or none that can be meant.
 */
export function answerRow({ provider, model, at, body, header = null }: AnswerCost): SpendRow {
  const usage = isFields(body) && isFields(body['usage']) ? body['usage'] : undefined;
  const stated = costInUsage(usage) ?? costInHeader(header);
  if (stated === undefined) {
    const reason = 'is no cost in dollars that can be meant';
    const field = `usage.cost or ${COST_HEADER}`;
    const value = usage?.['cost'] ?? header ?? undefined;
    throw new ReportError({ source: SOURCE, row: null, field, value, reason });
  }
  return { day: dayOf(at), provider, model, nanoUsd: stated, calls: CALLS_ONE };
}
