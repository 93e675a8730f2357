import type { MeterReading, Usage } from '../meter/usage.ts';
import type { JsonObject } from '../providers/provider.ts';
import type { Quote } from './call.ts';

/**
 * Reads usage that a caller hands in: a `Usage`, or the provider's own `usage` object, which goes
 * through the same meter as a response body.
 */
export function readRawUsage(usage: Usage | JsonObject | undefined, quote: Quote): MeterReading {
  if (usage === undefined) return { kind: 'missing' };
  if (isUsage(usage)) return { kind: 'complete', usage };
  const meter = quote.provider.meter(quote.facts, 'application/json');
  meter.push(new TextEncoder().encode(JSON.stringify({ usage })));
  return meter.read();
}

function isUsage(usage: Usage | JsonObject): usage is Usage {
  return Array.isArray(usage['lines' as keyof typeof usage]);
}
