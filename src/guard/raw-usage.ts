import { TOKEN_CLASSES, type MeterReading, type Usage, type UsageLine } from '../meter/usage.ts';
import type { JsonObject } from '../providers/provider.ts';
import { isCount } from '../units/count.ts';
import type { Quote } from './call.ts';

/**
 * Reads usage that a caller hands in: a `Usage`, the provider's whole answer, or its `usage` object
 * alone, which go through the same meter as a response body. Nothing about it is trusted: figures
 * that cannot be meant make the reading `hostile`, and the attempt is booked at its bound.
 */
export function readRawUsage(usage: Usage | JsonObject | undefined, quote: Quote): MeterReading {
  if (usage === undefined) return { kind: 'missing' };
  const wire = wireOf(usage);
  if (wire === undefined) return { kind: 'hostile', reason: 'the usage has no JSON form' };
  const plain: unknown = JSON.parse(wire);
  if (isRecord(plain) && Array.isArray(plain['lines'])) return readLines(plain['lines']);
  const isAnswer = isRecord(plain) && isRecord(plain['usage']);
  const meter = quote.provider.meter(quote.facts, 'application/json');
  meter.push(new TextEncoder().encode(isAnswer ? wire : `{"usage":${wire}}`));
  return meter.read();
}

/** What JSON makes of it: plain data, each property read once. */
function wireOf(usage: Usage | JsonObject): string | undefined {
  try {
    return JSON.stringify(usage, nonFinite);
  } catch {
    // A cycle, a bigint or a getter that throws: nothing that could be a usage.
    return undefined;
  }
}

/** JSON would turn NaN and the infinities into `null`, which means "not reported". */
function nonFinite(_name: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

const TIERS: ReadonlySet<unknown> = new Set(['standard', 'priority', 'flex', 'batch']);
const CLASSES: ReadonlySet<string> = new Set(TOKEN_CLASSES);
const FEES: ReadonlySet<string> = new Set(['webSearch', 'fileSearch', 'codeSession', 'image']);

function readLines(lines: readonly unknown[]): MeterReading {
  if (lines.length === 0) return { kind: 'missing' };
  const read: UsageLine[] = [];
  for (const [index, line] of lines.entries()) {
    const fault = isRecord(line) ? faultOf(line) : 'is no object';
    if (fault !== undefined) return { kind: 'hostile', reason: `lines[${index}] ${fault}` };
    read.push(lineOf(line as Partial<UsageLine>));
  }
  return { kind: 'complete', usage: { lines: read } };
}

function faultOf({
  model,
  tokens,
  fees,
  serviceTier,
  isFast,
  geo,
}: JsonObject): string | undefined {
  if (!isCounts(tokens, CLASSES)) return 'has tokens that cannot be meant';
  if (fees !== undefined && !isCounts(fees, FEES)) return 'has fees that cannot be meant';
  if (model !== undefined && typeof model !== 'string') return 'has a model that is no text';
  if (serviceTier !== undefined && !TIERS.has(serviceTier)) return 'has an unknown service tier';
  if (isFast !== undefined && typeof isFast !== 'boolean') return 'has isFast that is no boolean';
  if (geo !== undefined && typeof geo !== 'string') return 'has a geo that is no text';
  return undefined;
}

function lineOf(line: Partial<UsageLine>): UsageLine {
  const { model, tokens = {}, fees = {}, serviceTier, isFast = false, geo } = line;
  return { model, tokens, fees, serviceTier, isFast, geo };
}

function isCounts(value: unknown, names: ReadonlySet<string>): boolean {
  if (!isRecord(value)) return false;
  return Object.entries(value).every(([name, count]) => names.has(name) && isCount(count));
}

function isRecord(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
