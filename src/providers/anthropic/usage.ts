import { errorText, Figures, isFields, textOf } from '../../meter/figures.ts';
import type { Fields } from '../../meter/figures.ts';
import { hasObject } from '../../meter/find-object.ts';
import { planJson } from '../../meter/json-plan.ts';
import { JsonScanner } from '../../meter/json-scanner.ts';
import { isEventStream, SseScanner } from '../../meter/sse-scanner.ts';
import { addCounts, inputTotal, nonZero, surplusCounts } from '../../meter/token-counts.ts';
import type { TokenCounts } from '../../meter/token-counts.ts';
import type { Meter, MeterReading, ServiceTier, UsageLine } from '../../meter/usage.ts';
import { addTokens, TOKENS_ZERO } from '../../units/count.ts';
import type { RequestFacts } from '../provider.ts';
import { SERVER_TOOLS } from './features.ts';
import { isReported, mergeInput, restoreFallen } from './parts/cumulative.ts';

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
type Json = JsonScanner<Capture, 'content'>;
const PLAN = planJson<Capture, 'content'>(CAPTURES, { content: { path: ['content'], of: [] } });

/** Fields of `usage` beside the input that bear on the bill. */
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
    const scanner: Json = new JsonScanner(PLAN);
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
  const stream = new SseScanner<Capture, 'content'>(PLAN, (event) => {
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
  /** Searches may have been billed, and nothing is there that would tell of them. */
  #isSilentOnFees = false;
  #isOutputSeen = false;
  #isStopped = false;
  #error: string | undefined;

  constructor(asked: Asked) {
    this.#asked = asked;
  }

  /** The whole body of an answer that is not streamed. */
  document(json: Json): void {
    this.#model = textOf(this.#value(json, 'model'), MODEL_LENGTH_MAX);
    this.#id = textOf(this.#value(json, 'id'), ID_LENGTH_MAX);
    this.#error = errorText(this.#value(json, 'error'));
    this.#isStopped = true;
    this.#isOutputSeen = true;
    this.#hasContent = json.count('content') > 0;
    const usage = this.#value(json, 'usage');
    const tellsFees =
      this.#hasContent || (isFields(usage) && Object.hasOwn(usage, 'server_tool_use'));
    this.#isSilentOnFees = !tellsFees && this.#asked.mayPayFees();
    this.#merge(usage);
  }

  event(json: Json, name: () => string): void {
    const type = this.#value(json, 'type') ?? name();
    if (type === 'ping') return;
    if (type === 'error') {
      this.#error ??= errorText(this.#value(json, 'error') ?? 'error');
      this.#hasContent ||= json.count('content') > 0;
      this.#merge(this.#value(json, 'usage'));
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
    if (lines !== undefined && isFinal && !this.#isSilentOnFees) {
      const id = this.#id === undefined ? {} : { responseId: this.#id };
      return { kind: 'complete', usage: { lines }, ...id };
    }
    if (this.#error !== undefined && !this.#hasContent && this.#usage === undefined) {
      return { kind: 'failed', message: this.#error };
    }
    const isUnknown = lines === undefined || this.#isSilentOnFees;
    if (isUnknown || mayGrow(this.#asked.body)) return { kind: 'missing' };
    return { kind: 'partial', usage: { lines }, outputKnown: false };
  }

  #value(json: Json, name: Capture): unknown {
    const captured = json.captured(name);
    if (captured?.kind === 'tooLarge') this.#sticky.suspect(`${name} is too large to read`);
    return captured?.kind === 'value' ? captured.value : undefined;
  }

  /**
   * Replaces field by field; `null` is not reported and replaces nothing. Figures that fall, such
   * as input that is all zero in the last event, replace nothing either: see `restoreFallen`.
   */
  #merge(reported: unknown): void {
    const next = this.#sticky.fields(reported, 'usage');
    if (next === undefined) return;
    linesOf(next, this.#model, this.#asked, this.#sticky);
    const earlier = this.#usage ?? {};
    const merged = { ...earlier };
    for (const field of OTHER_FIELDS) {
      if (isReported(next, field)) merged[field] = next[field];
    }
    mergeInput(earlier, next, merged);
    restoreFallen(earlier, merged);
    this.#usage = merged;
  }
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
 * What the answer billed, one line per model; `undefined` without input or output total, and with
 * an input of nothing, which no prompt has: gateways write zeros where they know nothing.
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
  if (inputTotal(addCounts(total, sum)) === 0) return undefined;
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
  /** Whether a tool with fees stands anywhere in the body: in `tools`, or added on the way. */
  readonly mayPayFees: () => boolean;
}

function askedOf(body: Fields): Asked {
  let isHour: boolean | undefined;
  return {
    body,
    forHour: () => (isHour ??= hasObject(body, (object) => object['ttl'] === '1h')),
    mayPayFees: () =>
      hasObject(body, ({ type }) => SERVER_TOOLS.get(type)?.feature.fee !== undefined),
  };
}
