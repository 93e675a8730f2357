import { errorText, Figures, isFields, textOf } from '../../meter/figures.ts';
import type { Fields } from '../../meter/figures.ts';
import { hasObject } from '../../meter/find-object.ts';
import { EACH, planJson } from '../../meter/json-plan.ts';
import { JsonScanner } from '../../meter/json-scanner.ts';
import { isEventStream, SseScanner } from '../../meter/sse-scanner.ts';
import { splitInput } from '../../meter/nested-counts.ts';
import { costInUsage } from '../../meter/reported-cost.ts';
import { inputTotal, nonZero, surplusTokens } from '../../meter/token-counts.ts';
import type { TokenCounts } from '../../meter/token-counts.ts';
import { laterLines } from '../../meter/usage-lines.ts';
import type { Meter, MeterReading, ServiceTier, UsageLine } from '../../meter/usage.ts';
import { addTokens, TOKENS_ZERO } from '../../units/count.ts';
import type { Tokens } from '../../units/count.ts';
import type { NanoUsd } from '../../units/money.ts';
import type { RequestFacts } from '../provider.ts';
import {
  CALLS,
  feesOf,
  imageModel,
  mayPayOutsideUsage,
  searchesOnce,
} from './parts/hosted-calls.ts';
import type { Call } from './parts/hosted-calls.ts';

const CAPTURES = {
  type: ['type'],
  message: ['message'],
  svg_usage: ['svg_usage'],
  model: ['model'],
  usage: ['usage'],
  service_tier: ['service_tier'],
  status: ['status'],
  error: ['error'],
  tool_usage: ['tool_usage'],
  'response.model': ['response', 'model'],
  'response.usage': ['response', 'usage'],
  'response.service_tier': ['response', 'service_tier'],
  'response.status': ['response', 'status'],
  'response.error': ['response', 'error'],
  'response.tool_usage': ['response', 'tool_usage'],
} as const;
/** Actions of a `web_search_call` that search nothing and cost nothing (SDK 7.57, `tool_usage`). */
const FREE_ACTIONS = ['open_page', 'find_in_page'] as const;
const TALLIES = {
  choices: { path: ['choices', EACH], of: [] },
  data: { path: ['data', EACH], of: [] },
  'output.list': { path: ['output'], of: [] },
  'output.items': { path: ['output', EACH], of: [] },
  'response.output.list': { path: ['response', 'output'], of: [] },
  'response.output.items': { path: ['response', 'output', EACH], of: [] },
  output: { path: ['output', EACH, 'type'], of: CALLS },
  'output.action': { path: ['output', EACH, 'action', 'type'], of: FREE_ACTIONS },
  'response.output': { path: ['response', 'output', EACH, 'type'], of: CALLS },
  'response.output.action': {
    path: ['response', 'output', EACH, 'action', 'type'],
    of: FREE_ACTIONS,
  },
  item: { path: ['item', 'type'], of: CALLS },
  'item.action': { path: ['item', 'action', 'type'], of: FREE_ACTIONS },
} as const;
type Capture = keyof typeof CAPTURES;
type Json = JsonScanner<Capture, keyof typeof TALLIES>;
type Inside = '' | 'response.';
type Calls = Map<Call, number>;
const PLAN = planJson<Capture, keyof typeof TALLIES>(CAPTURES, TALLIES);

/**
 * `default` is the standard price by definition (SDK docs of `service_tier`); `fast` asks for
 * and is served as `priority`. `scale` is prepaid capacity: booked at the standard price, its
 * ceiling. A tier without an entry has no known price here and makes the reading unusable.
 */
const TIERS = new Map<unknown, ServiceTier | undefined>([
  ['default', 'standard'],
  ['standard', 'standard'],
  ['scale', 'standard'],
  ['priority', 'priority'],
  ['fast', 'priority'],
  ['flex', 'flex'],
  ['batch', 'batch'],
  ['auto', undefined],
]);
const TERMINAL = /^response\.(completed|incomplete|failed|cancelled|done)$/;
/** Events of the Responses stream that come before the model has produced anything. */
const OPENING = /^(response\.(created|queued|in_progress|failed)|error)$/;
const IMAGE_COMPLETED = /^image_(generation|edit)\.completed$/;
const TEXT_LENGTH_MAX = 200;

/**
 * Meters one answer of the Chat, Completions, Responses, Embeddings or Images API, JSON or stream.
 *
 * On the wire the input total includes cached, written and audio tokens and the output total
 * includes reasoning; the classes here are disjoint: see `splitInput`, `inputOf` and `outputOf`.
 * Usage comes last, so a stream that breaks off before it is `missing`. An error is `failed` only
 * without any output and any figure, else the provider may have billed: `missing`, or what it says.
 */
export function openOpenAIMeter(facts: RequestFacts, contentType: string): Meter {
  if (!isEventStream(contentType)) {
    const scanner: Json = new JsonScanner(PLAN);
    return {
      push: (chunk) => scanner.push(chunk),
      read: () => {
        const answer = new Answer(facts);
        if (scanner.outcome === 'whole') answer.document(scanner, '');
        return answer.read();
      },
    };
  }
  const answer = new Answer(facts);
  const stream = new SseScanner(PLAN, (event) => {
    if (event.isDone) answer.done();
    else if (event.json.outcome === 'whole') answer.event(event.json, event.name);
  });
  return { push: (chunk) => stream.push(chunk), read: () => answer.read() };
}

/** What the provider has said so far. */
class Answer {
  readonly #facts: RequestFacts;
  readonly #figures = new Figures();
  #model: string | undefined;
  #tier: unknown;
  #lines: readonly UsageLine[] | undefined;
  /** What was reported so far at most: cumulative figures never fall. */
  #most: readonly UsageLine[] = [];
  #isFinal = false;
  #hasOutput = false;
  #images = 0;
  readonly #items: Calls = new Map();
  #error: string | undefined;
  #cost: NanoUsd | undefined;

  constructor(facts: RequestFacts) {
    this.#facts = facts;
  }

  /** A whole answer: the JSON body, or the `response` inside a closing event. */
  document(json: Json, inside: Inside): void {
    this.#header(json, inside);
    this.#error ??= errorText(this.#value(json, `${inside}error`));
    const status = this.#value(json, `${inside}status`);
    const calls = this.#calls(json, `${inside}output`);
    this.#keep(this.#read(json, inside, calls));
    this.#hasOutput ||= this.#shows(json, inside);
    if (this.#isSilentOnFees(json, inside)) this.#lines = undefined;
    this.#isFinal = status !== 'queued' && status !== 'in_progress';
  }

  event(json: Json, name: () => string): void {
    const type = textOf(this.#value(json, 'type'), TEXT_LENGTH_MAX) ?? name();
    const error = this.#value(json, 'error') ?? undefined;
    if (type === 'error' || error !== undefined) {
      this.#error ??= errorText(error ?? this.#value(json, 'message') ?? 'error');
    }
    // An error may come alone, or on an event that is something else besides; those have a dot.
    const isBare = error !== undefined && !type.includes('.');
    this.#hasOutput ||= this.#shows(json, '') || !(isBare || OPENING.test(type));
    if (type === 'response.output_item.done') this.#add(this.#calls(json, 'item'));
    if (TERMINAL.test(type)) this.document(json, 'response.');
    else if (IMAGE_COMPLETED.test(type)) {
      this.#images += 1;
      this.#header(json, '');
      this.#keep(this.#read(json, '', new Map()));
      // What a second figure means beside the first is not documented: then none is trusted.
      const asked = this.#facts.body['n'] ?? 1;
      this.#isFinal = this.#images === 1 && asked === 1;
    } else if (!type.startsWith('response.')) this.#chunk(json);
  }

  /** `[DONE]`: no later chunk can replace the figures. */
  done(): void {
    if (this.#images === 0) this.#isFinal ||= this.#lines !== undefined;
  }

  read(): MeterReading {
    const hostile = this.#figures.hostile;
    if (hostile !== undefined) return { kind: 'hostile', reason: hostile };
    if (this.#isFinal && this.#lines !== undefined) {
      const cost = this.#cost === undefined ? {} : { reportedCost: this.#cost };
      return { kind: 'complete', usage: { lines: this.#lines }, ...cost };
    }
    if (this.#error !== undefined && !this.#hasOutput) {
      return { kind: 'failed', message: this.#error };
    }
    return { kind: 'missing' };
  }

  /**
   * One chunk of a chat or legacy stream. Some servers put running totals on every chunk: each
   * replaces the one before, and only the chunk without choices, or `[DONE]`, makes them final.
   */
  #chunk(json: Json): void {
    this.#header(json, '');
    if ((this.#value(json, 'usage') ?? undefined) === undefined) return;
    this.#keep(this.#read(json, '', new Map()));
    this.#isFinal = json.count('choices') === 0;
  }

  #keep(lines: readonly UsageLine[] | undefined): void {
    this.#lines = lines && (this.#most = laterLines(this.#most, lines));
  }

  /** Whether output of any kind stands there, or figures. */
  #shows(json: Json, inside: Inside): boolean {
    const items = json.count(`${inside}output.items`) + json.count('choices') + json.count('data');
    const reported = [this.#value(json, `${inside}usage`), this.#value(json, 'svg_usage')];
    const tools = this.#value(json, `${inside}tool_usage`);
    const isUsed = (object: Fields) =>
      Object.values(object).some((value) => typeof value === 'number' && value !== 0);
    return (
      items > 0 ||
      reported.some((value) => (value ?? undefined) !== undefined) ||
      hasObject(tools, isUsed)
    );
  }

  /**
   * Whether hosted tools may have been billed and nothing tells of their calls: they stand in the
   * output and in `tool_usage`, not in `usage`.
   */
  #isSilentOnFees(json: Json, inside: Inside): boolean {
    const listed = json.count(`${inside}output.list`) + json.count('choices') + json.count('data');
    const isTold = listed > 0 || isFields(this.#value(json, `${inside}tool_usage`));
    if (isTold || this.#items.size > 0) return false;
    return mayPayOutsideUsage(this.#facts.body);
  }

  #header(json: Json, inside: Inside): void {
    this.#model = textOf(this.#value(json, `${inside}model`), TEXT_LENGTH_MAX) ?? this.#model;
    this.#tier = this.#value(json, `${inside}service_tier`) ?? this.#tier;
  }

  #value(json: Json, name: Capture): unknown {
    const captured = json.captured(name);
    if (captured?.kind === 'tooLarge') this.#figures.suspect(`${name} is too large to read`);
    return captured?.kind === 'value' ? captured.value : undefined;
  }

  #calls(json: Json, place: 'output' | 'response.output' | 'item'): Calls {
    const calls: Calls = new Map(CALLS.map((call) => [call, json.count(place, call)]));
    const free = FREE_ACTIONS.map((action) => json.count(`${place}.action`, action));
    return calls.set(
      'free',
      free.reduce((sum, count) => sum + count, 0),
    );
  }

  #add(calls: Calls): void {
    for (const [call, count] of calls) this.#items.set(call, (this.#items.get(call) ?? 0) + count);
  }

  /**
   * The lines of one usage report; `undefined` when a total is absent, or the input is nothing:
   * no prompt has no tokens, servers write zeros where they know nothing.
   */
  #read(json: Json, inside: Inside, listed: Calls): readonly UsageLine[] | undefined {
    const figures = this.#figures;
    const { route, body } = this.#facts;
    const usage = figures.fields(this.#value(json, `${inside}usage`), 'usage');
    const tools = figures.fields(this.#value(json, `${inside}tool_usage`), 'tool_usage');
    this.#cost = costInUsage(usage) ?? this.#cost;
    const kind = route.startsWith('images') ? 'image' : route === 'embeddings' ? route : 'text';
    const main = usage && tokensOf(usage, kind, figures);
    const searched = figures.count(figures.object(tools, 'web_search'), 'num_requests') ?? 0;
    const count = (call: Call) => Math.max(listed.get(call) ?? 0, this.#items.get(call) ?? 0);
    const fees = feesOf(count, searched, body);
    const by = this.#model ?? this.#facts.model;
    if (route === 'chat.completions' && searchesOnce(body, by)) fees.webSearch = 1;
    const served = { serviceTier: this.#servedTier(), isFast: false, geo: this.#facts.geo };
    const lines: UsageLine[] = [{ model: this.#model, tokens: main ?? {}, fees, ...served }];
    const drawn = figures.object(tools, 'image_gen');
    const image = drawn && tokensOf(drawn, 'image', figures);
    // Images were made and nothing says what they cost.
    if (count('image_generation_call') > 0 && image === undefined) return undefined;
    if (image !== undefined && Object.keys(image).length > 0) {
      lines.push({ model: imageModel(body), tokens: image, fees: {}, ...served });
    }
    const vector = figures.fields(this.#value(json, 'svg_usage'), 'svg_usage');
    const authored = vector && tokensOf(vector, 'text', figures);
    if (vector !== undefined && authored === undefined) return undefined;
    if (vector !== undefined && authored !== undefined) {
      const model = textOf(vector['model'], TEXT_LENGTH_MAX);
      lines.push({ model, tokens: authored, fees: {}, ...served });
    }
    return main === undefined || inputTotal(main) === 0 ? undefined : lines;
  }

  #servedTier(): ServiceTier | undefined {
    const tier = this.#tier;
    if (tier !== undefined && !TIERS.has(tier)) {
      const shown = textOf(tier, TEXT_LENGTH_MAX) ?? typeof tier;
      this.#figures.suspect(`service_tier ${shown} is not known`);
    }
    return TIERS.get(tier);
  }
}

type Kind = 'text' | 'image' | 'embeddings';

/**
 * The disjoint classes of one usage object; `undefined` when a total is absent.
 *
 * Where `total_tokens` is more than input and output together (servers that leave reasoning out of
 * the output), the rest is output.
 */
function tokensOf(usage: Fields, kind: Kind, figures: Figures): TokenCounts | undefined {
  const input = figures.tokens(usage, 'prompt_tokens') ?? figures.tokens(usage, 'input_tokens');
  const reported =
    figures.tokens(usage, 'completion_tokens') ?? figures.tokens(usage, 'output_tokens');
  const output = reported ?? (kind === 'embeddings' ? TOKENS_ZERO : undefined);
  const total = figures.tokens(usage, 'total_tokens');
  if (input === undefined || output === undefined) return undefined;
  const rest = surplusTokens(total, addTokens(input, output));
  const isEmbedding = kind === 'embeddings';
  return nonZero({
    ...inputOf(usage, isEmbedding ? addTokens(input, rest) : input, kind, figures),
    ...outputOf(usage, isEmbedding ? output : addTokens(output, rest), kind, figures),
  });
}

/**
 * Reads the parts of an input total; `splitInput` places them.
 *
 * Images in chat and responses bill as text; the image class is for the image models alone, where
 * input without details is all image, the dearer. Writes kept for 12 h (SDK 7.57) are of the longer
 * lifetime, which has a price only where a card gives one.
 */
function inputOf(usage: Fields, total: Tokens, kind: Kind, figures: Figures): TokenCounts {
  const details =
    figures.object(usage, 'prompt_tokens_details') ?? figures.object(usage, 'input_tokens_details');
  const count = (field: string) => figures.tokens(details, field);
  const shown = count('image_tokens');
  if (shown !== undefined) figures.less(total, shown, 'image_tokens above the input total');
  const plain = count('text_tokens');
  const text = plain ?? (shown === undefined ? TOKENS_ZERO : surplusTokens(total, shown));
  const image =
    kind === 'image' ? figures.less(total, text, 'text_tokens above the input total') : undefined;
  if (image !== undefined && shown !== undefined && kind === 'image') {
    figures.less(image, shown, 'image_tokens and text_tokens above the input total');
  }
  const lifetimes = figures.object(details, 'cache_write_tokens_details');
  return splitInput(
    {
      total,
      cached: count('cached_tokens') ?? figures.tokens(usage, 'cached_tokens') ?? TOKENS_ZERO,
      written: count('cache_write_tokens') ?? TOKENS_ZERO,
      writtenLong: figures.tokens(lifetimes, 'ttl_12h_tokens') ?? TOKENS_ZERO,
      audio: count('audio_tokens') ?? TOKENS_ZERO,
      image: image ?? TOKENS_ZERO,
    },
    figures,
  );
}

/** Reasoning and rejected predictions are inside the output total and bill as output. */
function outputOf(usage: Fields, total: Tokens, kind: Kind, figures: Figures): TokenCounts {
  const details =
    figures.object(usage, 'completion_tokens_details') ??
    figures.object(usage, 'output_tokens_details');
  const reasoning = figures.tokens(details, 'reasoning_tokens') ?? TOKENS_ZERO;
  figures.less(total, reasoning, 'reasoning_tokens above the output total');
  if (kind === 'image') {
    // What is not said to be text is image, the dearer.
    const output = figures.tokens(details, 'text_tokens') ?? TOKENS_ZERO;
    return {
      output,
      imageOutput: figures.less(total, output, 'text_tokens above the output total'),
    };
  }
  const audioOutput = figures.tokens(details, 'audio_tokens') ?? TOKENS_ZERO;
  return {
    output: figures.less(total, audioOutput, 'audio_tokens above the output total'),
    audioOutput,
  };
}
