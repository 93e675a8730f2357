import { errorText, Figures, isFields, textOf } from '../../meter/figures.ts';
import type { Fields } from '../../meter/figures.ts';
import { planJson } from '../../meter/json-plan.ts';
import { JsonScanner } from '../../meter/json-scanner.ts';
import { isEventStream, SseScanner } from '../../meter/sse-scanner.ts';
import { addCounts, nonZero, surplusCounts } from '../../meter/token-counts.ts';
import type { TokenCounts } from '../../meter/token-counts.ts';
import type { Meter, MeterReading, ServiceTier, UsageLine } from '../../meter/usage.ts';
import { addTokens, TOKENS_ZERO } from '../../units/count.ts';
import type { RequestFacts } from '../provider.ts';

const CAPTURES = {
  type: ['type'],
  id: ['id'],
  startId: ['message', 'id'],
  model: ['model'],
  usage: ['usage'],
  error: ['error'],
  startModel: ['message', 'model'],
  startUsage: ['message', 'usage'],
  stopReason: ['delta', 'stop_reason'],
} as const;
type Capture = keyof typeof CAPTURES;
const PLAN = planJson<Capture>(CAPTURES, {});

/** Fields of `usage` that bear on the bill; each replaces its earlier value on its own. */
const INPUT_FIELDS = [
  'input_tokens',
  'cache_read_input_tokens',
  'cache_creation_input_tokens',
] as const;
const OTHER_FIELDS = [
  'output_tokens',
  'output_tokens_details',
  'server_tool_use',
  'iterations',
  'service_tier',
  'inference_geo',
  'speed',
] as const;
const TIERS = new Map<unknown, ServiceTier>([
  ['standard', 'standard'],
  ['priority', 'priority'],
  ['batch', 'batch'],
]);
/** Stands over what `message_start` says of output, which is only a beginning. */
const OUTPUT_UNKNOWN = {
  output_tokens: 0,
  output_tokens_details: undefined,
  iterations: undefined,
};
/** Not uplifted, or not reported; the API's own words. */
const GEOS_PLAIN = new Set<unknown>(['global', 'not_available', '']);
/** Parts of a request that make the provider sample more than once, so that input grows later. */
const GROWING_FIELDS = ['mcp_servers', 'fallbacks', 'context_management', 'container', 'thread'];
const CLIENT_TOOL = /^(custom$|bash_|text_editor_|computer_|memory_)/;
const MODEL_LENGTH_MAX = 200;
const ID_LENGTH_MAX = 200;

/**
 * Meters one Messages answer, JSON or stream.
 *
 * Classes are disjoint on the wire: `input_tokens` excludes both caches, `output_tokens` includes
 * thinking. In a stream, later figures replace earlier ones field by field; the reading is
 * `complete` once there is a `message_delta` with the output figure, and a stop reason or
 * `message_stop`. Before that it is `partial` without output tokens, or `missing` where the request
 * lets the provider sample again (server tools, fallbacks): then the input is not final either.
 * Iterations and cache writes: see `linesOf` and `countsOf`.
 */
export function openAnthropicMeter(facts: RequestFacts, contentType: string): Meter {
  const asked = askedOf(facts.body);
  if (!isEventStream(contentType)) {
    const scanner = new JsonScanner<Capture>(PLAN);
    return {
      push: (chunk) => scanner.push(chunk),
      read: () => {
        const answer = new Answer(asked);
        if (scanner.outcome === 'whole') answer.document(scanner);
        return answer.read();
      },
    };
  }
  const answer = new Answer(asked);
  const stream = new SseScanner<Capture, never>(PLAN, (event) => {
    if (event.json.outcome === 'whole') answer.event(event.json, event.name);
  });
  return { push: (chunk) => stream.push(chunk), read: () => answer.read() };
}

/** What the provider has said so far. */
class Answer {
  readonly #asked: Asked;
  readonly #sticky = new Figures();
  #usage: Record<string, unknown> | undefined;
  #model: string | undefined;
  #id: string | undefined;
  #hasContent = false;
  #isOutputSeen = false;
  #isStopped = false;
  #error: string | undefined;

  constructor(asked: Asked) {
    this.#asked = asked;
  }

  /** The whole body of an answer that is not streamed. */
  document(json: JsonScanner<Capture>): void {
    this.#model = textOf(this.#value(json, 'model'), MODEL_LENGTH_MAX);
    this.#id = textOf(this.#value(json, 'id'), ID_LENGTH_MAX);
    this.#error = errorText(this.#value(json, 'error'));
    this.#isStopped = true;
    this.#isOutputSeen = true;
    this.#merge(this.#value(json, 'usage'));
  }

  event(json: JsonScanner<Capture>, name: () => string): void {
    const type = this.#value(json, 'type') ?? name();
    if (type === 'ping') return;
    if (type === 'error') {
      this.#error ??= errorText(this.#value(json, 'error') ?? 'error');
      return;
    }
    this.#hasContent = true;
    if (type === 'message_start') {
      this.#model = textOf(this.#value(json, 'startModel'), MODEL_LENGTH_MAX);
      this.#id = textOf(this.#value(json, 'startId'), ID_LENGTH_MAX);
      this.#merge(this.#value(json, 'startUsage'));
    } else if (type === 'message_delta') {
      const usage = this.#value(json, 'usage');
      this.#merge(usage);
      this.#isOutputSeen ||= isFields(usage) && typeof usage['output_tokens'] === 'number';
      this.#isStopped ||= typeof this.#value(json, 'stopReason') === 'string';
    } else if (type === 'message_stop') this.#isStopped = true;
  }

  read(): MeterReading {
    const isFinal = this.#isStopped && this.#isOutputSeen;
    const usage = this.#usage ?? {};
    const figures = new Figures();
    const known = isFinal ? usage : { ...usage, ...OUTPUT_UNKNOWN };
    const lines = linesOf(known, this.#model, this.#asked, figures);
    const hostile = this.#sticky.hostile ?? figures.hostile;
    if (hostile !== undefined) return { kind: 'hostile', reason: hostile };
    if (lines !== undefined && isFinal) {
      const id = this.#id === undefined ? {} : { responseId: this.#id };
      return { kind: 'complete', usage: { lines }, ...id };
    }
    if (this.#error !== undefined && !this.#hasContent) {
      return { kind: 'failed', message: this.#error };
    }
    if (lines === undefined || mayGrow(this.#asked.body)) return { kind: 'missing' };
    return { kind: 'partial', usage: { lines }, outputKnown: false };
  }

  #value(json: JsonScanner<Capture>, name: Capture): unknown {
    const captured = json.captured(name);
    if (captured?.kind === 'tooLarge') this.#sticky.suspect(`${name} is too large to read`);
    return captured?.kind === 'value' ? captured.value : undefined;
  }

  /**
   * Replaces field by field; `null` is not reported and replaces nothing. Input figures that are
   * all zero after others were not is how some gateways say "not reported" in the last event, and
   * replaces nothing either.
   */
  #merge(reported: unknown): void {
    const next = this.#sticky.fields(reported, 'usage');
    if (next === undefined) return;
    linesOf(next, this.#model, this.#asked, this.#sticky);
    const merged = (this.#usage ??= {});
    for (const field of OTHER_FIELDS) {
      if (isReported(next, field)) merged[field] = next[field];
    }
    const isEmpty = INPUT_FIELDS.every((field) => !isReported(next, field) || next[field] === 0);
    if (isEmpty && INPUT_FIELDS.some((field) => isReported(merged, field))) return;
    const written = merged['cache_creation_input_tokens'];
    for (const field of INPUT_FIELDS) {
      if (isReported(next, field)) merged[field] = next[field];
    }
    if (isReported(next, 'cache_creation')) merged['cache_creation'] = next['cache_creation'];
    else if (merged['cache_creation_input_tokens'] !== written) forgetSplit(merged);
  }
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

/**
 * The counts of one `usage` or one iteration; `undefined` without input or output figure.
 *
 * Cache writes without a split by lifetime are 1 h writes when the request asks for a `ttl` of `1h`
 * anywhere, else 5 m writes (the API's default). A split that is less than the total leaves the
 * rest to 1 h, the dearer; one that is more is hostile.
 */
function countsOf(usage: Fields, asked: Asked, figures: Figures): TokenCounts | undefined {
  const input = figures.tokens(usage, 'input_tokens');
  const output = figures.tokens(usage, 'output_tokens');
  const cacheRead = figures.tokens(usage, 'cache_read_input_tokens') ?? TOKENS_ZERO;
  const written = figures.tokens(usage, 'cache_creation_input_tokens');
  const split = figures.object(usage, 'cache_creation');
  const five = figures.tokens(split, 'ephemeral_5m_input_tokens');
  const hour = figures.tokens(split, 'ephemeral_1h_input_tokens');
  const thinking = figures.tokens(
    figures.object(usage, 'output_tokens_details'),
    'thinking_tokens',
  );
  if (input === undefined || output === undefined) return undefined;
  if (thinking !== undefined) figures.less(output, thinking, 'thinking_tokens above output_tokens');
  const shared = { input, cacheRead, output };
  if (five === undefined && hour === undefined) {
    const isHour = written !== undefined && written > 0 && asked.forHour();
    const all = written ?? TOKENS_ZERO;
    return isHour ? { ...shared, cacheWrite1h: all } : { ...shared, cacheWrite5m: all };
  }
  const cacheWrite5m = five ?? TOKENS_ZERO;
  const sum = addTokens(cacheWrite5m, hour ?? TOKENS_ZERO);
  const rest =
    written === undefined
      ? TOKENS_ZERO
      : figures.less(written, sum, 'cache_creation above cache_creation_input_tokens');
  return { ...shared, cacheWrite5m, cacheWrite1h: addTokens(hour ?? TOKENS_ZERO, rest) };
}

/**
 * What the answer billed, one line per model; `undefined` without input or output total.
 *
 * `usage.iterations`, where present, lists every sampling. Compaction and advisor tokens are not in
 * the totals (SDK 1.12, `BetaIterationsUsage`; the advisor bills at its own model's rate), so they
 * are lines of their own, and so is any type not known yet. `message` and `fallback_message` are in
 * the totals, but the totals may cover less than all of them (a declined attempt before a fallback,
 * later turns of a tool loop) or more. Booked is the larger of the two, class by class: never less
 * than the provider reported anywhere. What the totals have beyond the iterations goes to the model
 * that served.
 */
function linesOf(
  usage: Fields,
  model: string | undefined,
  asked: Asked,
  figures: Figures,
): readonly UsageLine[] | undefined {
  const total = countsOf(usage, asked, figures);
  const searches = figures.count(figures.object(usage, 'server_tool_use'), 'web_search_requests');
  const served = servedOf(usage, asked, figures);
  const groups = groupIterations(usage, model, asked, figures);
  if (total === undefined) return undefined;
  const own = [...groups.values()].filter((group) => group.isInTotal);
  const sum = own.map((group) => group.counts).reduce(addCounts, {});
  // The first line carries the fees and what no iteration accounts for.
  const main = own.find((group) => group.isFallback) ?? own[0];
  const first: Group = {
    model: main?.model ?? model,
    isInTotal: true,
    isFallback: false,
    counts: main === undefined ? total : addCounts(main.counts, surplusCounts(total, sum)),
  };
  const rest = [...groups.values()].filter((group) => group !== main);
  return [first, ...rest].map((group, index) => ({
    model: group.model,
    tokens: nonZero(group.counts),
    fees: index === 0 && searches !== undefined && searches > 0 ? { webSearch: searches } : {},
    ...served,
  }));
}

interface Group {
  readonly model: string | undefined;
  readonly isInTotal: boolean;
  readonly isFallback: boolean;
  readonly counts: TokenCounts;
}

function groupIterations(
  usage: Fields,
  model: string | undefined,
  asked: Asked,
  figures: Figures,
): Map<string, Group> {
  const groups = new Map<string, Group>();
  const iterations = usage['iterations'] ?? [];
  if (!Array.isArray(iterations)) figures.suspect('iterations is not an array');
  for (const value of Array.isArray(iterations) ? (iterations as unknown[]) : []) {
    const iteration = figures.fields(value, 'iterations[]');
    const counts = iteration && countsOf(iteration, asked, figures);
    if (iteration === undefined || counts === undefined) {
      figures.suspect('an iteration has no input_tokens or no output_tokens');
      continue;
    }
    const type = iteration['type'];
    const isFallback = type === 'fallback_message';
    const isInTotal = type === 'message' || isFallback;
    const by = textOf(iteration['model'], MODEL_LENGTH_MAX) ?? model;
    const key = JSON.stringify([isInTotal ? '' : String(type), by]);
    const known = groups.get(key);
    groups.set(key, {
      model: by,
      isInTotal,
      isFallback: isFallback || known?.isFallback === true,
      counts: addCounts(known?.counts ?? {}, counts),
    });
  }
  return groups;
}

/** How it was served. What the answer does not say is taken from the request, at its dearest. */
function servedOf(
  usage: Fields,
  asked: Asked,
  figures: Figures,
): Pick<UsageLine, 'serviceTier' | 'isFast' | 'geo'> {
  const tier = usage['service_tier'] ?? undefined;
  const serviceTier = TIERS.get(tier);
  if (tier !== undefined && serviceTier === undefined) figures.suspect('service_tier is not known');
  const speed = usage['speed'] ?? asked.body['speed'] ?? 'standard';
  if (speed !== 'standard' && speed !== 'fast') figures.suspect('speed is not known');
  const region = usage['inference_geo'] ?? asked.body['inference_geo'] ?? '';
  if (typeof region !== 'string') figures.suspect('inference_geo is not a string');
  const geo = GEOS_PLAIN.has(region) ? undefined : textOf(region, MODEL_LENGTH_MAX);
  return { serviceTier, isFast: speed === 'fast', geo };
}

function isReported(usage: Fields, field: string): boolean {
  return Object.hasOwn(usage, field) && usage[field] !== null && usage[field] !== undefined;
}

/** Whether the input figures of `message_start` may still grow. */
function mayGrow(body: Fields): boolean {
  if (GROWING_FIELDS.some((field) => isReported(body, field))) return true;
  const tools = body['tools'];
  if (!Array.isArray(tools)) return tools !== undefined && tools !== null;
  return tools.some((tool: unknown) => {
    const type = isFields(tool) ? (tool['type'] ?? 'custom') : undefined;
    return typeof type !== 'string' || !CLIENT_TOOL.test(type);
  });
}

/** What the meter needs to know of the request. */
interface Asked {
  readonly body: Fields;
  /** Whether any cache write may be a 1 h write; looked for at most once. */
  readonly forHour: () => boolean;
}

function askedOf(body: Fields): Asked {
  let isHour: boolean | undefined;
  return { body, forHour: () => (isHour ??= asksForHour(body)) };
}

/** Whether a `ttl` of `1h` stands anywhere in the body. Walks without recursion. */
function asksForHour(body: Fields): boolean {
  const open: object[] = [body];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if ((next as Fields)['ttl'] === '1h') return true;
    for (const value of Object.values(next) as unknown[]) {
      if (typeof value === 'object' && value !== null) open.push(value);
    }
  }
  return false;
}
