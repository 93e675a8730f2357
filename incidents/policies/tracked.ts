import type { PlannedCall, Tracker } from '../replay/play.ts';
import { PROFILES } from '../replay/prices.ts';
import { providerOf } from '../replay/plan.ts';

/** What a framework's tracker makes of requests and answers, in floating-point dollars. */

/** What an answer said of its usage, in disjoint classes; `undefined`: nothing. */
interface Reported {
  readonly input: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly output: number;
  readonly reasoning: number;
  readonly units: number;
}

type Json = Readonly<Record<string, unknown>>;

/** Dollars that the tracker books for an answer; `undefined` when it found no usage. */
export function trackedUsd(call: PlannedCall, text: string, isStream: boolean): number | undefined {
  const { tracker } = call;
  if (tracker.isNaN) return Number.NaN;
  if (tracker.counts === 0) return 0;
  const found = isStream ? fromStream(text, tracker.sumsChunks) : usageIn(parsed(text));
  if (found === undefined) return undefined;
  return priced(reportedOf(found, call), call) * tracker.counts;
}

/** Dollars for the prompt as the tracker expects it and, if asked for, the ceiling. */
export function expectedUsd(
  call: PlannedCall,
  { inputTokens, outputTokens }: { readonly inputTokens: number; readonly outputTokens: number },
): number {
  const { profile, factor } = call.tracker;
  const { input, output } = PROFILES[profile];
  return ((inputTokens * input + outputTokens * output) * factor) / 1e12;
}

function priced(reported: Reported, call: PlannedCall): number {
  const { profile, factor, cache, seesReasoning, seesUnits } = call.tracker;
  const rates = PROFILES[profile];
  const output = seesReasoning ? reported.output : reported.output - reported.reasoning;
  const cached = reported.cacheRead * rates.cacheRead + reported.cacheWrite * rates.cacheWrite;
  const again = (reported.cacheRead + reported.cacheWrite) * rates.input;
  const cachePico = { right: cached, ignored: 0, again: cached + again }[cache];
  const units = seesUnits ? reported.units * (call.billed.picoPerUnit ?? 0) : 0;
  return (
    ((reported.input * rates.input + cachePico + output * rates.output) * factor + units) / 1e12
  );
}

function reportedOf(usage: Json, call: PlannedCall): Reported {
  if (providerOf(call.endpoint) === 'anthropic') {
    return {
      input: numberIn(usage, 'input_tokens'),
      cacheRead: numberIn(usage, 'cache_read_input_tokens'),
      cacheWrite: numberIn(usage, 'cache_creation_input_tokens'),
      output: numberIn(usage, 'output_tokens'),
      reasoning: 0,
      units: numberIn(objectIn(usage, 'server_tool_use'), 'web_search_requests'),
    };
  }
  const isChat = usage['prompt_tokens'] !== undefined;
  const inside = objectIn(usage, isChat ? 'prompt_tokens_details' : 'input_tokens_details');
  const outside = objectIn(usage, isChat ? 'completion_tokens_details' : 'output_tokens_details');
  const [cacheRead, cacheWrite] = [
    numberIn(inside, 'cached_tokens'),
    numberIn(inside, 'cache_write_tokens'),
  ];
  const input = numberIn(usage, isChat ? 'prompt_tokens' : 'input_tokens');
  return {
    input: input - cacheRead - cacheWrite,
    cacheRead,
    cacheWrite,
    output: numberIn(usage, isChat ? 'completion_tokens' : 'output_tokens'),
    reasoning: numberIn(outside, 'reasoning_tokens'),
    units: call.usage.units,
  };
}

/** Figures of later events over earlier ones; or, where the tracker errs so, added up. */
function fromStream(text: string, sumsChunks: boolean): Json | undefined {
  let merged: Json | undefined;
  for (const line of text.split('\n')) {
    if (!line.startsWith('data: {')) continue;
    const usage = usageIn(parsed(line.slice('data: '.length)));
    if (usage === undefined) continue;
    const earlier = merged;
    merged = { ...earlier, ...usage };
    if (sumsChunks && earlier !== undefined) merged = summed(earlier, usage);
  }
  return merged;
}

function summed(earlier: Json, later: Json): Json {
  const sums = Object.entries(later).map(([name, value]) => {
    const before = earlier[name];
    const isCount = typeof value === 'number' && typeof before === 'number';
    return [name, isCount ? value + before : value] as const;
  });
  return Object.fromEntries(sums);
}

function usageIn(answer: Json | undefined): Json | undefined {
  if (answer === undefined) return undefined;
  const holder = objectIn(answer, 'message')['usage'] ?? objectIn(answer, 'response')['usage'];
  const usage = answer['usage'] ?? holder;
  return typeof usage === 'object' && usage !== null ? (usage as Json) : undefined;
}

function objectIn(value: Json, name: string): Json {
  const inner = value[name];
  return typeof inner === 'object' && inner !== null ? (inner as Json) : {};
}

function numberIn(value: Json, name: string): number {
  const found = value[name];
  return typeof found === 'number' ? found : 0;
}

function parsed(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Json) : undefined;
  } catch {
    // A tracker that cannot read an answer finds no usage in it.
    return undefined;
  }
}

/** Which counter the tracker keeps a call in. */
export function counterOf(
  { counter }: Tracker,
  place: { readonly instance: string; readonly id: number; readonly life: number },
): string {
  switch (counter) {
    case 'one':
      return '';
    case 'instance':
      return place.instance;
    case 'call':
      return String(place.id);
    case 'life':
      return `life ${place.life}`;
    default:
      return counter satisfies never;
  }
}
