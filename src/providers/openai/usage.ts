import { errorText, Figures, isFields, textOf } from '../../meter/figures.ts';
import type { Fields } from '../../meter/figures.ts';
import { EACH, planJson } from '../../meter/json-plan.ts';
import { JsonScanner } from '../../meter/json-scanner.ts';
import { isEventStream, SseScanner } from '../../meter/sse-scanner.ts';
import { splitInput } from '../../meter/nested-counts.ts';
import { nonZero, surplusTokens } from '../../meter/token-counts.ts';
import type { TokenCounts } from '../../meter/token-counts.ts';
import type { FeeKind, Meter, MeterReading, ServiceTier, UsageLine } from '../../meter/usage.ts';
import { addTokens, TOKENS_ZERO } from '../../units/count.ts';
import type { Tokens } from '../../units/count.ts';
import type { RequestFacts } from '../provider.ts';

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
const CALLS = [
  'web_search_call',
  'file_search_call',
  'code_interpreter_call',
  'shell_call',
  'image_generation_call',
] as const;
/** Actions of a `web_search_call` that search nothing and cost nothing (SDK 7.57, `tool_usage`). */
const FREE_ACTIONS = ['open_page', 'find_in_page'] as const;
const TALLIES = {
  choices: { path: ['choices', EACH], of: [] },
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
type Calls = Map<(typeof CALLS)[number] | 'free', number>;
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
/** Chat models that search the web by themselves once per request. */
const SEARCH_MODEL = /-search-(preview|api)/;
const TEXT_LENGTH_MAX = 200;

/**
 * Meters one answer of the Chat, Completions, Responses, Embeddings or Images API, JSON or stream.
 *
 * On the wire the input total includes cached, written and audio tokens and the output total
 * includes reasoning; the classes here are disjoint: see `splitInput`, `inputOf` and `outputOf`.
 * Usage comes last, so a stream that breaks off before it is `missing`. An error before any output
 * is `failed`, after some output `missing`, because the provider may have billed that.
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
  #isFinal = false;
  #hasOutput = false;
  #images = 0;
  readonly #items: Calls = new Map();
  #error: string | undefined;

  constructor(facts: RequestFacts) {
    this.#facts = facts;
  }

  /** A whole answer: the JSON body, or the `response` inside a closing event. */
  document(json: Json, inside: Inside): void {
    this.#header(json, inside);
    this.#error ??= errorText(this.#value(json, `${inside}error`));
    const status = this.#value(json, `${inside}status`);
    const calls = this.#calls(json, `${inside}output`);
    this.#lines = this.#read(json, inside, calls);
    this.#isFinal = status !== 'queued' && status !== 'in_progress';
  }

  event(json: Json, name: () => string): void {
    const type = textOf(this.#value(json, 'type'), TEXT_LENGTH_MAX) ?? name();
    const error = this.#value(json, 'error') ?? undefined;
    if (type === 'error' || error !== undefined) {
      this.#error ??= errorText(error ?? this.#value(json, 'message') ?? 'error');
      return;
    }
    this.#hasOutput ||= !OPENING.test(type);
    if (type === 'response.output_item.done') this.#add(this.#calls(json, 'item'));
    if (TERMINAL.test(type)) this.document(json, 'response.');
    else if (IMAGE_COMPLETED.test(type)) {
      this.#images += 1;
      this.#header(json, '');
      this.#lines = this.#read(json, '', new Map());
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
      return { kind: 'complete', usage: { lines: this.#lines } };
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
    this.#lines = this.#read(json, '', new Map());
    this.#isFinal = json.count('choices') === 0;
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

  /** The lines of one usage report; `undefined` when a total is absent. */
  #read(json: Json, inside: Inside, listed: Calls): readonly UsageLine[] | undefined {
    const figures = this.#figures;
    const { route, body } = this.#facts;
    const usage = figures.fields(this.#value(json, `${inside}usage`), 'usage');
    const tools = figures.fields(this.#value(json, `${inside}tool_usage`), 'tool_usage');
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
    return main === undefined ? undefined : lines;
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

type Call = (typeof CALLS)[number] | 'free';
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

/**
 * Fees of the hosted tools. `tool_usage` leaves out discounted searches, which are not free, so the
 * listed calls count where they are more. Each code interpreter call counts as a session: calls may
 * share one, which the answer does not tell.
 */
function feesOf(
  count: (call: Call) => number,
  searched: number,
  body: Fields,
): Partial<Record<FeeKind, number>> {
  const fees: Partial<Record<FeeKind, number>> = {};
  const webSearch = Math.max(searched, count('web_search_call') - count('free'));
  const hosted = toolsOf(body).some((tool) => tool['type'] === 'shell' && !isLocal(tool));
  const codeSession = count('code_interpreter_call') + (hosted ? count('shell_call') : 0);
  if (webSearch > 0) fees.webSearch = webSearch;
  if (count('file_search_call') > 0) fees.fileSearch = count('file_search_call');
  if (codeSession > 0) fees.codeSession = codeSession;
  return fees;
}

function isLocal(tool: Fields): boolean {
  const environment = tool['environment'];
  return isFields(environment) && environment['type'] === 'local';
}

/** Whether a chat request makes one web search of its own, which its usage does not report. */
function searchesOnce(body: Fields, model: string): boolean {
  return isFields(body['web_search_options']) || SEARCH_MODEL.test(model);
}

/** The image model of the request's image tool; `undefined` when the provider chooses it. */
function imageModel(body: Fields): string | undefined {
  const tool = toolsOf(body).find((tool) => tool['type'] === 'image_generation');
  return textOf(tool?.['model'], TEXT_LENGTH_MAX);
}

function toolsOf(body: Fields): readonly Fields[] {
  const tools = body['tools'];
  return Array.isArray(tools) ? tools.filter(isFields) : [];
}
